/* Windrow: thousands of small recurrent networks trained at once, with the same bits everywhere.
 *
 * Results do not depend on the calling thread's arithmetic (fesetround, flush to zero): a call
 * rounds to nearest with subnormal numbers, and restores the thread's setting. Callbacks (a tick,
 * on_event, on_row) run in the caller's arithmetic.
 *
 * A callback returns WR_OK for the call to go on. Any other status ends the call, which returns it;
 * the text of the call's error is then what the callback wrote there, or else names the callback.
 * A callback may read the object of the call, and may use others; it must not change that object
 * (train its session, write its study), nor leave the call by longjmp or a C++ exception.
 *
 * A pointer may be NULL where a comment says so, and in every call that frees, closes or releases;
 * nowhere else. Indices must be below the counts that they go with. */
#ifndef WINDROW_H
#define WINDROW_H

#include "windrow/backtest.h"
#include "windrow/bench.h"
#include "windrow/csv.h"
#include "windrow/device.h"
#include "windrow/forecast.h"
#include "windrow/mix.h"
#include "windrow/model.h"
#include "windrow/panel.h"
#include "windrow/rule.h"
#include "windrow/series.h"
#include "windrow/session.h"
#include "windrow/status.h"
#include "windrow/study.h"
#include "windrow/sweep.h"
#include "windrow/train.h"
#include "windrow/verify.h"
#include "windrow/version.h"
#include "windrow/windows.h"

#endif
