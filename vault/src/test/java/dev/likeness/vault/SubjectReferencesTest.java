package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selfies;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A person by reference images in a store, on a tiny base that edits. */
class SubjectReferencesTest {
  private static final ShootRequest ONE =
      ShootRequest.of(List.of(Style.named("studio")), 1).steps(1).guidance(1).size(64);
  private static final ReferencePhotos SMALL = ReferencePhotos.DEFAULT.side(64);

  @TempDir
  private Path folder;

  @Test
  void keepsTheImagesEncryptedUntilThePersonIsErased() throws IOException {
    Path klein = PipelineFolder.write("klein/base", folder).path();
    Path place = folder.resolve("store");
    Path embedder = folder.resolve("auraface.onnx");
    GoldenResource.copy("/golden/iresnet/folded.onnx", embedder);
    try (BaseModel base = BaseModel.open(klein, Compute.EXACT);
        FaceDetector detector = new CascadeDetector();
        FaceGuidance guidance =
            FaceGuidance.with(klein.resolve("vae"), embedder, detector, UsePolicy.COMMERCIAL);
        SubjectStore store =
            SubjectStore.open(place, WrappingKey.createFile(folder.resolve("key.txt")))) {
      SubjectStudio studio = SubjectStudio.on(base, HeadshotStudio.on(base).faceGuidance(guidance));
      Subject ada = store.create(Consent.of("Ada: yes"));
      for (String name : Selfies.names()) {
        studio.add(ada, name, Selfies.read(name));
      }
      assertTrue(SubjectStudio.findReferences(ada, base).isEmpty());
      assertFalse(SubjectStudio.isReady(ada, base));
      InvalidInputException untrained =
          assertThrows(InvalidInputException.class, () -> studio.shoot(ada, ONE, Run.silent()));
      assertTrue(untrained.getMessage().endsWith("has not been trained; train on photos first"));
      studio.chooseReferences(ada, SMALL);
      assertTrue(SubjectStudio.isReady(ada, base));
      assertFalse(SubjectStudio.isTrained(ada));
      ReferenceImagesPerson kept = SubjectStudio.findReferences(ada, base).orElseThrow();
      assertEquals(2, kept.images().size(), "one of three photos judges");
      assertEquals(1, kept.record().traits().size());
      assertEquals("Ada: yes", kept.consent().orElseThrow().text());
      assertEquals(0, ada.counts().get(DataCategory.PHOTOS), "the photos are no longer needed");
      findsAndReplacesTheFileOfAnEarlierVersion(ada, base, kept);
      Shoot shoot = studio.shoot(ada, ONE);
      assertEquals(
          kept.images(), shoot.headshots().get(0).request().referenceImages().images());
      String record = Files.readString(ada.folder(DataCategory.IMAGES).resolve("record.json"));
      assertTrue(record.contains("\"reference_images\" : 2"), record);
      assertTrue(record.contains("\"face_guidance\" : true"), record);
      assertFalse(holds(place, "reference images"), "the header of the file is encrypted");
      ada.erase();
      assertThrows(SubjectErasedException.class, () -> SubjectStudio.findReferences(ada, base));
    }
  }

  private static void findsAndReplacesTheFileOfAnEarlierVersion(
      Subject ada, BaseModel base, ReferenceImagesPerson kept) throws IOException {
    Path file = ada.folder(DataCategory.PERSON).resolve("person-references.safetensors");
    Path former = Files.move(file, file.resolveSibling("references.safetensors"));
    assertEquals(
        kept.images(), SubjectStudio.findReferences(ada, base).orElseThrow().images());
    assertTrue(SubjectStudio.isReady(ada, base));
    SubjectStudio.saveReferences(ada, kept);
    assertTrue(Files.exists(file));
    assertFalse(Files.exists(former), "a subject has one file of reference images");
  }

  @Test
  void needsAConsentToHeadshots() {
    try (SubjectStore store = SubjectStore.open(
        folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")))) {
      SubjectStudio studio = SubjectStudio.on(null, (HeadshotStudio) null);
      Subject ada = store.create(Consent.of("Ada: train").limitedTo(Purpose.TRAINING));
      assertEquals(
          Purpose.HEADSHOTS,
          assertThrows(
                  ConsentException.class, () -> studio.chooseReferences(ada, SMALL, Run.silent()))
              .purpose());
      assertEquals(
          Purpose.HEADSHOTS,
          assertThrows(ConsentException.class, () -> SubjectStudio.saveReferences(ada, null))
              .purpose());
    }
  }

  private static boolean holds(Path folder, String text) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
          return true;
        }
      }
      return false;
    }
  }
}
