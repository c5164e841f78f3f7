/**
 * One NVIDIA device as the library uses it: the seam to CUDA's runtime, and on it memory, streams
 * and events that are owned, counted and closed in a safe order.
 *
 * <p>Everything here works on {@link dev.hone.cuda.device.CudaApi}, an interface of numbers, so
 * that tests can put a device made of Java behind it.
 */
@NullMarked
package dev.hone.cuda.device;

import org.jspecify.annotations.NullMarked;
