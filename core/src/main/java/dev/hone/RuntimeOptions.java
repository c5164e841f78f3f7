package dev.hone;

/**
 * Options that only one runtime knows, for example {@code OnnxOptions}. Given by {@link
 * SessionOptions.Builder#runtime}; a runtime refuses options that are not its own.
 */
public interface RuntimeOptions {}
