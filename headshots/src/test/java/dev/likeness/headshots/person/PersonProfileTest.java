package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PersonProfileTest {
  private static final PersonProfile BEARDED = PersonProfile.UNKNOWN
      .with(new PersonProfile.Trait("sex", "man", 0.9, PersonProfile.Trait.Source.PHOTOS))
      .with(new PersonProfile.Trait("hair", "short # hair", 0.8, PersonProfile.Trait.Source.PHOTOS))
      .with(new PersonProfile.Trait(
          "beard", "a short beard", 0.9, PersonProfile.Trait.Source.PHOTOS));

  @Test
  void dropsADetectedBeardIfTheUserSaysWoman() {
    assertEquals("a man with short hair and a short beard", BEARDED.phrase());
    PersonProfile woman = BEARDED.withCorrection("sex", "Woman");
    assertEquals("a woman with short hair", woman.phrase());
    assertEquals(
        "a man with short hair and a short beard",
        woman.withCorrection("sex", "man").phrase());
  }

  @Test
  void keepsABeardThatTheUserGivesAWoman() {
    assertEquals(
        "a woman with short hair and stubble",
        BEARDED
            .withCorrection("sex", "woman")
            .withCorrection("beard", "stubble")
            .phrase());
  }

  @Test
  void keepsABeardWhereTheSexIsNotSure() {
    PersonProfile unsure = BEARDED.with(
        new PersonProfile.Trait("sex", "woman", 0.3, PersonProfile.Trait.Source.PHOTOS));
    assertEquals("a person with short hair and a short beard", unsure.phrase());
  }
}
