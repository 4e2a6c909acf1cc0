package dev.likeness.portrait.people;

/** What a point of a mesh is made of; decides which paint colours it. */
enum Material {
  NOTHING,
  HEAD,
  EAR,
  BODY,
  COLLAR,
  SCARF,
  HAIR,
  HARDWARE
}
