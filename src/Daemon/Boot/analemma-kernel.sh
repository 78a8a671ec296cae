#!/bin/sh
# The kernel's program: analemma-kernel-host, where crun works.
#
# On hybrid cgroups the kernel must live in a mount namespace of its own (HybridCgroups.cs). It sees to that itself, by
# becoming itself anew, and so .NET would start twice. For root, whom nothing else has to be known for, that is done here.

case $0 in */*) program=$0 ;; *) program=./$0 ;; esac
if [ -L "$program" ]; then
    program=$(readlink -f -- "$program")
fi
folder=${program%/*}

if [ -z "${ANALEMMA_CGROUPS_COVERED+set}" ]; then
    while read -r key uid _ && [ "$key" != Uid: ]; do :; done </proc/self/status
    v1='' v2=''
    # proc_pid_mountinfo(5): id, parent, device, root, mount point, options, and after a dash the type.
    while read -r _ _ _ _ point rest; do
        case $rest in
            *' - cgroup2 '*) v2=$point ;;
            *' - cgroup '*) v1=$point ;;
            *) [ "$point" != "$v2" ] || v2='' ;;
        esac
    done </proc/self/mountinfo
    if [ "$key $uid" = 'Uid: 0' ] && [ -n "$v1" ] && [ -n "$v2" ]; then
        export ANALEMMA_CGROUPS_COVERED=1 HOLDER= FLAGS=-m
        exec /bin/sh "$folder/cover-cgroups.sh" "$v2" "$folder/analemma-kernel-host" "$@"
    fi
fi
exec "$folder/analemma-kernel-host" "$@"
