package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.vault.key.WrappingKey;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsentTest {
  private static final Consent HEADSHOTS_ONLY =
      Consent.of("Ada: draw me").limitedTo(Purpose.HEADSHOTS);

  @TempDir
  private Path folder;

  @Test
  void survivesThePersonsFile() {
    Consent consent =
        Consent.of("Ada, \"2026\": headshots").limitedTo(Purpose.TRAINING, Purpose.INTAKE);
    assertEquals(consent, Consent.parse(consent.toJson()));
    assertEquals("Ada: yes", Consent.parse("Ada: yes").text());
    assertEquals(
        "consent to reviewing the photos, training on the face",
        consent.toString(),
        "it may be logged");
  }

  @Test
  void isRequiredOfIntake() {
    ConsentException none =
        assertThrows(ConsentException.class, () -> HeadshotStudio.review(null, null));
    assertEquals(
        "there is no consent to reviewing the photos; give the consent of the person in the photos",
        none.getMessage());
    ConsentException other =
        assertThrows(ConsentException.class, () -> HeadshotStudio.review(null, HEADSHOTS_ONLY));
    assertEquals(
        "the consent covers generating headshots, not reviewing the photos; ask the person to"
            + " consent to this purpose too",
        other.getMessage());
    assertEquals(Purpose.INTAKE, other.purpose());
  }

  @Test
  void isRequiredForTraining() {
    HeadshotStudio studio = null;
    try (SubjectStore store =
        SubjectStore.open(folder.resolve("store"), WrappingKey.createFile(folder.resolve("key")))) {
      SubjectStudio studios = SubjectStudio.on(null, studio);
      Subject ada = store.create(HEADSHOTS_ONLY);
      ConsentException photos =
          assertThrows(ConsentException.class, () -> studios.add(ada, "a.jpg", new byte[1]));
      assertEquals(Purpose.INTAKE, photos.purpose());
      ConsentException face =
          assertThrows(ConsentException.class, () -> studios.train(ada, Run.of(event -> {})));
      assertEquals(Purpose.TRAINING, face.purpose());
      assertEquals(
          Purpose.TRAINING,
          assertThrows(ConsentException.class, () -> SubjectStudio.savePerson(ada, null))
              .purpose());
    }
  }

  @Test
  void saysWhoGaveItForWhichPerson() {
    Consent plain = Consent.of("Ada: yes");
    assertEquals(Optional.empty(), plain.personName());
    assertEquals(Optional.empty(), plain.representative());
    Consent child = plain.person(" Ada Byron ").givenBy("Eva Byron, her mother");
    assertEquals(Optional.of("Ada Byron"), child.personName());
    assertEquals(Optional.of("Eva Byron, her mother"), child.representative());
    assertEquals(child, Consent.parse(child.toJson()));
    assertEquals(child.representative(), child.limitedTo(Purpose.INTAKE).representative());
    assertEquals(
        child.personName(), child.intersect(HEADSHOTS_ONLY).orElseThrow().personName());
    assertEquals(
        Optional.empty(), plain.person("Ada").givenBy("Ada").representative(), "her own consent");
    assertEquals(plain.toString(), child.toString(), "which may be logged and names nobody");
    for (String blank : new String[] {"", " "}) {
      assertThrows(IllegalArgumentException.class, () -> plain.person(blank));
      assertThrows(IllegalArgumentException.class, () -> plain.givenBy(blank));
    }
    assertThrows(NullPointerException.class, () -> plain.person(null));
    assertThrows(NullPointerException.class, () -> plain.givenBy(null));
  }
}
