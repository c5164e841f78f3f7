/** Watches the example server with the parts that operators use. */
@NullMarked
package dev.hone.examples.monitoring;

import org.jspecify.annotations.NullMarked;
