/**
 * Memory outside the Java heap: allocation, pooling, accounting and leak detection.
 *
 * <p>Applications rarely come here: a {@link dev.hone.memory.Memory} is what a tensor holds.
 * Runtimes use it to hand addresses to native code safely.
 */
@NullMarked
package dev.hone.memory;

import org.jspecify.annotations.NullMarked;
