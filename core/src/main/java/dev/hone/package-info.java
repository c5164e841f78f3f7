/**
 * The vocabulary: what an application types to open a model and run it.
 *
 * <p>A {@link dev.hone.Model} is a value. {@link dev.hone.Session#open Session.open} makes it ready
 * to run on one {@link dev.hone.Device} at one {@link dev.hone.Precision}. {@link
 * dev.hone.Session#run Session.run} takes a {@link dev.hone.Batch} of {@link dev.hone.Tensor}s and
 * gives one back.
 *
 * <p>Ownership: whoever opens closes. Inputs are borrowed for the call; results belong to the
 * caller.
 *
 * <p>Errors: {@link IllegalArgumentException} for a wrong value, {@link IllegalStateException} for
 * a wrong order (most often: used after close), {@link dev.hone.HoneException} for the world (a
 * broken model, a missing native library, a deadline).
 */
@NullMarked
package dev.hone;

import org.jspecify.annotations.NullMarked;
