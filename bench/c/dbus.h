// As much of the D-Bus wire protocol as a benchmark needs: https://dbus.freedesktop.org/doc/dbus-specification.html
//
// A message is a little-endian header (byte order, type, flags, version, body length, serial, an array of fields that are
// each a byte and a variant), padded to 8, and a body: here one string, or nothing.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DBUS_CALL = 1, DBUS_RETURN = 2, DBUS_NO_REPLY = 1 };
enum { DBUS_PATH = 1, DBUS_MEMBER = 3, DBUS_REPLY_SERIAL = 5, DBUS_DESTINATION = 6, DBUS_SIGNATURE = 8 };

struct dbus { uint8_t order, type, flags, version; uint32_t length, serial, fields; };

static size_t dbus_pad(char *at, size_t n, size_t to)
{
    while (n % to)
        at[n++] = 0;
    return n;
}

static size_t dbus_text(char *at, size_t n, int field, const char *type, const char *value)
{
    n = dbus_pad(at, n, 8);
    at[n++] = (char)field;
    at[n++] = 1;
    at[n++] = type[0];
    at[n++] = 0;
    uint32_t length = (uint32_t)strlen(value);
    if (type[0] == 'g') {
        at[n++] = (char)length;
    } else {
        memcpy(at + n, &length, 4);
        n += 4;
    }
    memcpy(at + n, value, length + 1);
    return n + length + 1;
}

// A call of `member` at `to`, or the return for a call with that serial; with a string, or none where `text` is NULL.
static size_t dbus_message(
    char *at, uint8_t type, uint8_t flags, uint32_t serial, const char *to, const char *member, uint32_t answers,
    const char *text, size_t length)
{
    struct dbus *head = (struct dbus *)at;
    *head = (struct dbus){'l', type, flags, 1, text ? (uint32_t)(4 + length + 1) : 0, serial, 0};
    size_t n = sizeof *head;
    if (member) {
        n = dbus_text(at, n, DBUS_PATH, "o", "/");
        n = dbus_text(at, n, DBUS_MEMBER, "s", member);
    } else {
        n = dbus_pad(at, n, 8);
        memcpy(at + n, "\5\1u\0", 4);
        memcpy(at + n + 4, &answers, 4);
        n += 8;
    }
    n = dbus_text(at, n, DBUS_DESTINATION, "s", to);
    if (text)
        n = dbus_text(at, n, DBUS_SIGNATURE, "g", "s");
    head->fields = (uint32_t)(n - sizeof *head);
    n = dbus_pad(at, n, 8);
    if (text) {
        uint32_t size = (uint32_t)length;
        memcpy(at + n, &size, 4);
        memcpy(at + n + 4, text, length);
        at[n + 4 + length] = 0;
        n += 4 + length + 1;
    }
    return n;
}

// Bytes of the whole message at `at`, of which 16 are there.
static size_t dbus_size(const char *at)
{
    const struct dbus *head = (const struct dbus *)at;
    return ((sizeof *head + head->fields + 7) & ~(size_t)7) + head->length;
}

// The text of a field of it; NULL if it has none.
static const char *dbus_field(const char *at, int wanted)
{
    const struct dbus *head = (const struct dbus *)at;
    size_t n = sizeof *head, end = n + head->fields;
    while (n < end) {
        n = (n + 7) & ~(size_t)7;
        int field = at[n];
        char type = at[n + 2];
        n += 4;
        if (type == 'u') {
            n += 4;
        } else if (type == 'g') {
            n += 1 + (size_t)(uint8_t)at[n] + 1;
        } else {
            uint32_t length;
            memcpy(&length, at + n, 4);
            if (field == wanted)
                return at + n + 4;
            n += 4 + length + 1;
        }
    }
    return NULL;
}
