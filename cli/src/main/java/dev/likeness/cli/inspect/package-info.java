/**
 * What a model file or folder is, from headers and configs alone: no weight is read and libtorch is
 * not needed.
 */
package dev.likeness.cli.inspect;
