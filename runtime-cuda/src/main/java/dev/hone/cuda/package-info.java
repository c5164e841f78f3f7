/** CUDA memory, streams and the CUDA execution provider. Holds nothing yet. */
@NullMarked
package dev.hone.cuda;

import org.jspecify.annotations.NullMarked;
