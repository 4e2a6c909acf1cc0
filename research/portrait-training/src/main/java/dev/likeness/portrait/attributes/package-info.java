/**
 * Reading back from images what prompts ask for: a classifier that was trained on renders alone.
 */
package dev.likeness.portrait.attributes;
