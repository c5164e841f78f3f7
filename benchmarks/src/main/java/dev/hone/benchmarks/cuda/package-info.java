/** What a GPU gives, and what the way to it costs. Asked only where there is one. */
@NullMarked
package dev.hone.benchmarks.cuda;

import org.jspecify.annotations.NullMarked;
