/** How sessions live in a program of their own: idle, with one processor, with little heap. */
@NullMarked
package dev.hone.benchmarks.life;

import org.jspecify.annotations.NullMarked;
