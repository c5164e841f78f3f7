/** NVIDIA's driver, asked through CUDA's runtime: the last look, when all files are in place. */
@NullMarked
package dev.hone.cuda.driver;

import org.jspecify.annotations.NullMarked;
