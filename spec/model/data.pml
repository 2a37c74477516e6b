/* The world "data": who may do something next, and nothing else. What happens stands in data.c. */
c_decl {
	\#include "data.h"
}
c_track "&world" "sizeof(struct data_world)"

/* do: an expression that is NULL, or names the property that is broken. */
#ifdef LIVENESS
#define MAY(can, do) atomic { c_expr { (can) } -> c_code { const char *broken = do; if (broken) uerror((char *)broken); } }
#else
#define MAY(can, do) atomic { c_expr { (can) } -> c_code { const char *broken = do; if (broken) uerror((char *)broken); data_sort(); } }
#endif

proctype server(byte t)
{
end:	do
	:: MAY(data_may_fetch(Pserver->t), data_fetch(Pserver->t))
	:: MAY(data_may_hear(Pserver->t), data_hear(Pserver->t))
	od
}

proctype backend(byte t)
{
end:	do
	:: MAY(data_may_answer(Pbackend->t, TAG_BACKEND_DONE), data_answers(Pbackend->t, TAG_BACKEND_DONE))
	:: MAY(data_may_answer(Pbackend->t, TAG_BACKEND_FAILED), data_answers(Pbackend->t, TAG_BACKEND_FAILED))
	:: MAY(data_may_answer(Pbackend->t, TAG_BACKEND_LENT), data_answers(Pbackend->t, TAG_BACKEND_LENT))
	:: MAY(data_may_answer(Pbackend->t, TAG_BACKEND_KEPT), data_answers(Pbackend->t, TAG_BACKEND_KEPT))
	od
}

proctype driver(byte t)
{
end:	do
	:: MAY(data_may_dispatch(Pdriver->t, DRIVER_DISPATCH), data_dispatch(Pdriver->t, DRIVER_DISPATCH))
	:: MAY(data_may_dispatch(Pdriver->t, DRIVER_DISPATCH_PART), data_dispatch(Pdriver->t, DRIVER_DISPATCH_PART))
	:: MAY(data_may_dispatch(Pdriver->t, DRIVER_DISPATCH_NONE), data_dispatch(Pdriver->t, DRIVER_DISPATCH_NONE))
	:: MAY(data_may_cancel(Pdriver->t), data_cancel(Pdriver->t))
#ifdef DEATH
	:: MAY(data_may_exit(Pdriver->t), data_exit(Pdriver->t))
#endif
	od
}

proctype request(byte r)
{
end:	do
	:: MAY(data_may_ask(Prequest->r), data_ask(Prequest->r, DRIVER_READ))
	:: MAY(data_may_ask(Prequest->r), data_ask(Prequest->r, DRIVER_WRITE))
	:: MAY(data_may_ask(Prequest->r), data_ask(Prequest->r, DRIVER_OTHER))
#ifdef DEATH
	:: MAY(data_may_fail(Prequest->r), data_fail(Prequest->r))
#endif
	:: MAY(data_may_arrive(Prequest->r, 0), data_arrive(Prequest->r, 0))
#if TAGS > 1
	:: MAY(data_may_arrive(Prequest->r, 1), data_arrive(Prequest->r, 1))
#endif
#if TAGS > 2
	:: MAY(data_may_arrive(Prequest->r, 2), data_arrive(Prequest->r, 2))
#endif
#if TAGS > 3
	:: MAY(data_may_arrive(Prequest->r, 3), data_arrive(Prequest->r, 3))
#endif
	od
}

#ifdef DEATH
proctype death()
{
end:	do
	:: MAY(data_may_die(), data_die())
	:: MAY(data_may_abort(), data_abort())
	:: MAY(data_may_release(), data_release())
	:: MAY(data_may_recover(), data_recover())
	od
}
#endif

proctype operator()
{
end:	do
	:: MAY(data_may_stop(), data_stop())
	:: MAY(data_may_remove(), data_remove())
	:: timeout -> c_code { const char *broken = data_rest(); if (broken) uerror((char *)broken); }; break
	od
}

init
{
	byte i, kernel, mode, recovery;

	atomic {
		select(kernel : 0 .. 2);
		select(mode : 0 .. 1);
#ifdef DEATH
		select(recovery : 0 .. 3);
		run death();
#endif
		c_code { data_begin(Pinit->kernel, Pinit->mode, Pinit->recovery); };
		for (i : 0 .. TAGS - 1) {
			run server(i);
			run backend(i);
			run driver(i)
		}
		for (i : 0 .. REQUESTS - 1) {
			run request(i)
		}
		run operator();
		i = 0; kernel = 0; mode = 0; recovery = 0
	}
}

/* Every request is answered, whatever happens to its copies a limited number of times. */
ltl answered { [] (c_expr { data_open (0) } -> <> c_expr { !data_open (0) }) }

/* A stop ends. */
ltl stop_ends { [] (c_expr { data_ends () } -> <> c_expr { data_over () }) }

/* A recovery ends, unless a stop comes first. */
ltl recovers { [] (c_expr { data_dead () } -> <> c_expr { !data_dead () }) }
