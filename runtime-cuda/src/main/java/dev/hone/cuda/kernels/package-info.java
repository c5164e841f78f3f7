/**
 * The two kernels of the library's own, as CUDA C++ source: token vectors become embeddings, and
 * images of bytes become numbers, before anything crosses to the host or after it has crossed as
 * little as can be. Compiled for an architecture where a compiler can be had, and kept on disk.
 */
@NullMarked
package dev.hone.cuda.kernels;

import org.jspecify.annotations.NullMarked;
