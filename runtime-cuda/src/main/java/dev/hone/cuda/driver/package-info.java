/**
 * CUDA itself, through its Java bindings: what the driver answers, the last look when all files are
 * in place; then the device, and NVIDIA's compiler as a library.
 */
@NullMarked
package dev.hone.cuda.driver;

import org.jspecify.annotations.NullMarked;
