package dev.likeness.portrait.people;

/** A colour and its words in a prompt, linear RGB. */
final class NamedColour {
  final String words;
  final float r;
  final float g;
  final float b;

  NamedColour(String words, float r, float g, float b) {
    this.words = words;
    this.r = r;
    this.g = g;
    this.b = b;
  }
}
