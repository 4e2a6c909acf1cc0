package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selfies;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A person whose photos an adapter encoded, in a store, on the embedded base. */
class SubjectAdapterTest {
  private static final ShootRequest ONE =
      ShootRequest.of(List.of(Style.named("studio")), 1).steps(2).seed(5);

  @TempDir
  private Path folder;

  @Test
  void showsThePersonByEncodedPhotosAloneOrWithTheLora() throws IOException {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32"));
        PersonAdapter adapter = PersonAdapter.openIn(base.folder().orElseThrow(), base);
        SubjectStore store = open()) {
      SubjectStudio plain = SubjectStudio.on(
          base,
          HeadshotStudio.on(base).training(TrainingPreset.QUICK.of(base, 2).steps(2)));
      SubjectStudio studio = plain.adapter(
          adapter, person -> person.withStrength(IdentityStrength.of(adapter.kind())));
      Subject ada = store.create(Consent.of("Ada: yes"));
      add(studio, ada);
      assertEquals(Optional.empty(), SubjectStudio.encodedFor(ada));
      InvalidInputException missing =
          assertThrows(InvalidInputException.class, () -> studio.shoot(ada, ONE));
      assertTrue(
          missing
              .getMessage()
              .endsWith(" has no photos that were encoded for an adapter; encode the photos first"),
          missing::getMessage);
      studio.encodePhotos(ada);
      assertEquals(Optional.of("ip-adapter.safetensors"), SubjectStudio.encodedFor(ada));
      assertFalse(SubjectStudio.isTrained(ada));
      assertFalse(SubjectStudio.isReady(ada, base), "not without the adapter");
      assertEquals(0, ada.counts().get(DataCategory.PHOTOS), "the photos are no longer needed");
      assertEquals(
          "Ada: yes",
          SubjectStudio.findEncoded(ada, adapter)
              .orElseThrow()
              .consent()
              .orElseThrow()
              .text());

      Headshot alone = studio.shoot(ada, ONE).headshots().get(0);
      String record = Files.readString(ada.folder(DataCategory.IMAGES).resolve("record.json"));
      assertTrue(record.contains("\"ip_adapter\" : \"ip-adapter.safetensors\""), record);
      HeadshotEdit.Result edited = studio.edit(
          ada, alone, HeadshotEdit.of(Style.Part.BACKDROP, "a plain red wall").seed(1));
      assertTrue(edited.changedShare() > 0);

      add(studio, ada);
      plain.train(ada);
      Headshot both = studio.shoot(ada, ONE).headshots().get(0);
      Headshot again = studio.withoutLora().shoot(ada, ONE).headshots().get(0);
      assertEquals(alone.image(), again.image(), "the LoRA is left out");
      assertNotEquals(alone.image(), both.image(), "the LoRA is used");
      String third = Files.readString(ada.folder(DataCategory.IMAGES).resolve("record-003.json"));
      assertTrue(third.contains("headshot-003.png"), third);
      ada.erase();
      assertThrows(SubjectErasedException.class, () -> SubjectStudio.encodedFor(ada));
    }
  }

  @Test
  void needsAnAdapterAndAConsentToTraining() throws IOException {
    try (SubjectStore store = open()) {
      SubjectStudio studio = SubjectStudio.on(null, (HeadshotStudio) null);
      Subject ada = store.create(Consent.of("Ada: images").limitedTo(Purpose.HEADSHOTS));
      assertEquals(
          "no adapter encodes the photos; call adapter before",
          assertThrows(IllegalStateException.class, () -> studio.encodePhotos(ada))
              .getMessage());
      try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32"));
          PersonAdapter adapter = PersonAdapter.openIn(base.folder().orElseThrow(), base)) {
        SubjectStudio encoding = SubjectStudio.on(base, HeadshotStudio.on(base))
            .adapter(adapter, UnaryOperator.identity());
        assertEquals(
            Purpose.TRAINING,
            assertThrows(ConsentException.class, () -> encoding.encodePhotos(ada))
                .purpose());
        InvalidInputException nothing = assertThrows(
            InvalidInputException.class,
            () -> SubjectStudio.on(base, HeadshotStudio.on(base)).withoutLora().shoot(ada, ONE));
        assertTrue(
            nothing
                .getMessage()
                .endsWith(" has neither reference images that this base accepts nor encoded photos;"
                    + " choose or encode photos first"),
            nothing::getMessage);
      }
    }
  }

  private SubjectStore open() {
    return SubjectStore.open(
        folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")));
  }

  private static void add(SubjectStudio studio, Subject subject) throws IOException {
    for (String name : Selfies.names()) {
      studio.add(subject, name, Selfies.read(name));
    }
  }
}
