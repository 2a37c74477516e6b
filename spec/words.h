/* words: those of tag.tsv and device.tsv that the core has no name for; each is at its number. */
#ifndef WORDS_H
#define WORDS_H

#include "device.h"
#include "tag.h"

extern const char *const words_tag_modes[TAG_MODES];
extern const char *const words_tag_memories[TAG_MEMORIES];
extern const char *const words_tag_verdicts[TAG_VERDICTS];
extern const char *const words_device_wants[DEVICE_WANTS];
extern const char *const words_device_phases[DEVICE_PHASES];
extern const char *const words_device_events[DEVICE_EVENTS];
extern const char *const words_device_verdicts[DEVICE_VERDICTS];

#endif
