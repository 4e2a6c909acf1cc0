/**
 * Inspects model files and folders by headers and configurations. No weights are read and libtorch
 * is not needed.
 */
package dev.likeness.cli.inspect;
