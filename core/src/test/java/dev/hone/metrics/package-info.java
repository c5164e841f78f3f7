/** Tests of the numbers about sessions. */
@NullMarked
package dev.hone.metrics;

import org.jspecify.annotations.NullMarked;
