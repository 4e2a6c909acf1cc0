package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.lora.Subject;
import java.util.List;
import org.junit.jupiter.api.Test;

class PersonStudyTest {
  private static final List<String> OWN = List.of("selfie of %s", "photo of %s");

  @Test
  void whoIsCalledByWordsIsLearntByTheClassWordAloneToo() {
    PersonProfile profile = PersonProfile.UNKNOWN.corrected("sex", "woman").corrected("hair", "short hair");
    assertEquals(List.of("selfie of %s", "selfie of a woman", "photo of %s", "photo of a woman"),
        study(profile, new Subject("", profile.phrase(), "")).captions(OWN));
    assertEquals("selfie of a person",
        study(PersonProfile.UNKNOWN, new Subject("", "a person", "")).captions(OWN).get(1));
  }

  @Test
  void aWordOfTheirOwnMeansNobodyElse() {
    assertEquals(OWN, study(PersonProfile.UNKNOWN, Subject.of("woman")).captions(OWN));
  }

  private static PersonStudy study(PersonProfile profile, Subject subject) {
    return new PersonStudy(List.of(), List.of(), profile, subject);
  }
}
