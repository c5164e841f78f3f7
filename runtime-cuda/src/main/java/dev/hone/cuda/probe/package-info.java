/**
 * What can be learned of a machine's NVIDIA driver and libraries by reading files, in pure Java:
 * loads nothing, runs nothing, and finds everything that is missing at once. A loader stops at the
 * first.
 */
@NullMarked
package dev.hone.cuda.probe;

import org.jspecify.annotations.NullMarked;
