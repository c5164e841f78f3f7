/**
 * Runs of a model on a device, two at a time for each lane: while one computes, the next one's
 * inputs are copied in and the last one's outputs are copied out.
 *
 * <p>What a model is here says {@link dev.hone.cuda.lane.StreamModel}; {@link
 * dev.hone.cuda.lane.LaneSession} is the session.
 */
@NullMarked
package dev.hone.cuda.lane;

import org.jspecify.annotations.NullMarked;
