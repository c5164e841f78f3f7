/** A service that can be watched, and everything to watch it with. */
@NullMarked
package dev.hone.examples.monitoring;

import org.jspecify.annotations.NullMarked;
