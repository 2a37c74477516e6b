/* The world "control": who may do something next, and nothing else. What happens stands in control.c. */
c_decl {
	\#include "control.h"
}
c_track "&control" "sizeof(struct control_world)"

#define MAY(can, do) atomic { c_expr { (can) } -> c_code { const char *broken = do; if (broken) uerror((char *)broken); } }

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
	:: MAY(control_may_retry(), control_retry())
	od
}

active proctype queue()
{
end:	do
	:: MAY(control_may_queue(), control_queue_goes_on())
	:: MAY(control_may_break(), control_break())
	:: MAY(control_may_tell(), control_tell())
	od
}

active proctype driver()
{
end:	do
	:: MAY(control_may_happen(DRIVER_IO_ENDED), control_happens(DRIVER_IO_ENDED))
	:: MAY(control_may_happen(DRIVER_DISK_CLOSED), control_happens(DRIVER_DISK_CLOSED))
	:: MAY(control_may_happen(DRIVER_REFERENCES_GONE), control_happens(DRIVER_REFERENCES_GONE))
	:: MAY(control_may_happen(DRIVER_START_WAKES), control_happens(DRIVER_START_WAKES))
	od
}

active proctype operator()
{
end:	do
	:: MAY(control_may_stop(), control_stop())
	od
}

active proctype contender()
{
end:	do
	:: MAY(control_may_contend(), control_contends())
	od
}

active proctype killer()
{
end:	do
	:: MAY(control_may_kill(), control_kill())
	:: MAY(control_may_bury(), control_bury())
	od
}

init
{
	byte kernel, kills, contends;

	atomic {
		select(kernel : 0 .. 2);
		select(kills : 0 .. 1);
		select(contends : 0 .. 1);
		c_code { control_begin(Pinit->kernel, Pinit->kills, Pinit->contends); };
		kernel = 0; kills = 0; contends = 0
	}
	timeout -> c_code { const char *broken = control_rest(); if (broken) uerror((char *)broken); }
}
