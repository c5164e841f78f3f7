/** The few ratios that must hold before a change lands. */
@NullMarked
package dev.hone.benchmarks.guard;

import org.jspecify.annotations.NullMarked;
