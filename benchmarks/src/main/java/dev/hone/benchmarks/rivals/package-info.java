/** The same model in the hands of Hone and of what people use today. */
@NullMarked
package dev.hone.benchmarks.rivals;

import org.jspecify.annotations.NullMarked;
