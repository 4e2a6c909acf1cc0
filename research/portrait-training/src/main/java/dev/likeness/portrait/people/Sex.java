package dev.likeness.portrait.people;

/** Which of the two averages a person's bones vary around. */
public enum Sex {
  WOMAN,
  MAN
}
