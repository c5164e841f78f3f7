/** Models, texts and pictures to measure with. */
@NullMarked
package dev.hone.benchmarks.inputs;

import org.jspecify.annotations.NullMarked;
