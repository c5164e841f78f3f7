/** Tests of batching, on sessions that compute in Java and fail on demand. */
@NullMarked
package dev.hone.batching;

import org.jspecify.annotations.NullMarked;
