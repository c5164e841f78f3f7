/** Runnable programs, one task each. */
@NullMarked
package dev.hone.examples;

import org.jspecify.annotations.NullMarked;
