/* The world "control": who may do something next, and nothing else. What happens stands in control.c, control_queue.c
 * and control_others.c. */
c_decl {
	\#include "control.h"
}
c_track "&control" "sizeof(struct control_world)"

#ifndef QUEUES
#define QUEUES 2
#endif

#define MAY(can, do) atomic { c_expr { (can) } -> c_code { const char *broken = do; if (broken) uerror((char *)broken); control_sort(); } }

active proctype server()
{
end:	do
	:: MAY(control_may_begin(), control_starts())
	:: MAY(control_may_send(), control_send())
	:: MAY(control_may_refuse(DEVICE_ANSWER_EINTR), control_refuse(DEVICE_ANSWER_EINTR))
	:: MAY(control_may_refuse(DEVICE_ANSWER_EBUSY), control_refuse(DEVICE_ANSWER_EBUSY))
	:: MAY(control_may_refuse(DEVICE_ANSWER_EAGAIN), control_refuse(DEVICE_ANSWER_EAGAIN))
	:: MAY(control_may_refuse(DEVICE_ANSWER_OTHER), control_refuse(DEVICE_ANSWER_OTHER))
	:: MAY(control_may_cancel(), control_cancel())
	:: MAY(control_may_retry(true), control_retry())
	:: MAY(control_may_close(), control_close())
	od
}

proctype queue(byte q)
{
end:	do
	:: MAY(control_may_fetch(Pqueue->q), control_fetch(Pqueue->q))
	:: MAY(control_may_end(Pqueue->q), control_end(Pqueue->q))
	:: MAY(control_may_fail(Pqueue->q), control_fail(Pqueue->q))
	:: MAY(control_may_strand(Pqueue->q), control_strand(Pqueue->q))
	:: MAY(control_may_report(Pqueue->q), control_report(Pqueue->q))
	od
}

active proctype driver()
{
end:	do
	:: MAY(control_may_happen(DRIVER_IO_ENDED), control_happens(DRIVER_IO_ENDED))
	:: MAY(control_may_happen(DRIVER_DISK_CLOSED), control_happens(DRIVER_DISK_CLOSED))
	:: MAY(control_may_happen(DRIVER_REFERENCES_GONE), control_happens(DRIVER_REFERENCES_GONE))
	:: MAY(control_may_happen(DRIVER_START_WAKES), control_happens(DRIVER_START_WAKES))
	:: MAY(control_may_happen(DRIVER_END_WAKES), control_happens(DRIVER_END_WAKES))
	od
}

active proctype operator()
{
end:	do
	:: MAY(control_may_stop(), control_stop())
	:: MAY(control_may_keep(), control_keep())
	:: MAY(control_may_hand_over(), control_hand_over())
	od
}

proctype contender(byte c)
{
end:	do
	:: MAY(control_may_contend(Pcontender->c, DRIVER_STOP), control_contends(Pcontender->c, DRIVER_STOP))
	:: MAY(control_may_contend(Pcontender->c, DRIVER_DEL), control_contends(Pcontender->c, DRIVER_DEL))
	:: MAY(control_may_contend(Pcontender->c, DRIVER_QUIESCE), control_contends(Pcontender->c, DRIVER_QUIESCE))
	:: MAY(control_may_contend(Pcontender->c, DRIVER_INTERRUPT_DEL), control_contends(Pcontender->c, DRIVER_INTERRUPT_DEL))
	od
}

active proctype killer()
{
end:	do
	:: MAY(control_may_kill(), control_kill())
	:: MAY(control_may_bury(), control_bury())
	od
}

/* Nothing else can happen: a server that waits in vain tries again until it gives up, and then the world rests. */
init
{
	byte kernel, recovery, kills, contends;

	atomic {
		select(kernel : 0 .. 2);
		if /* of enum driver_recovery; REISSUE is, to the device, as RECOVERY */
		:: recovery = 0
		:: recovery = 1
		:: recovery = 3
		fi;
		select(kills : 0 .. 1);
		select(contends : 0 .. REQUESTS - kills); /* who kills is a contender */
		c_code {
			control_begin((struct control_choice){ Pinit->kernel, Pinit->recovery, Pinit->kills, Pinit->contends });
		};
		for (kernel : 0 .. QUEUES - 1) {
			run queue(kernel)
		}
		run contender(0);
		run contender(1);
		kernel = 0; recovery = 0; kills = 0; contends = 0
	}
#ifndef LIVENESS
end:	do
	:: atomic {
		timeout;
		if
		:: c_expr { (control_goes_on ()) } -> c_code { const char *broken = control_go_on(); if (broken) uerror((char *)broken); }
		:: c_expr { (!control_goes_on ()) } -> c_code { const char *broken = control_rest(); if (broken) uerror((char *)broken); }; break
		fi
	}
	od
#endif
}

/* A recovery that has begun ends: the server is live, or over. */
ltl recovers { [] (c_expr { control_recovers () } -> <> c_expr { !control_recovers () }) }
