package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.IdentityFiles;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.UsePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same lines take each identity method from one folder through studio, person file, queue and
 * edit, on tiny weights. No line is of one method, apart from those that write the folders.
 */
class EveryIdentityMethodTest {
  private static final int SIDE = 64;

  @TempDir
  private static Path shared;

  private static Path xl;
  private static Path flux;
  private static Path photos;

  @BeforeAll
  static void writes() {
    xl = PipelineFolder.any("sdxl/xl-base", shared);
    flux = PipelineFolder.any("flux/dev", shared);
    photos = Selfies.of("5000000777", 2, shared.resolve("people"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"instantid", "infiniteyou", "photomaker-v1", "photomaker-v2", "pulid", "pulid-flux"
      })
  void servesAStudioAFileAQueueAndAnEdit(String method, @TempDir Path folder) throws IOException {
    boolean isFlux = method.equals("pulid-flux") || method.equals("infiniteyou");
    try (BaseModel base = BaseModel.open(isFlux ? flux : xl, Compute.EXACT);
        PersonAdapter adapter = PersonAdapter.open(
            IdentityFiles.findIn(TinyIdentityMethod.write(method, base, folder)),
            base,
            UsePolicy.NON_COMMERCIAL)) {
      HeadshotStudio studio = HeadshotStudio.on(base);
      PhotoReview review = studio.review(PhotoSet.from(photos));
      IpAdapterPerson ada = studio
          .trainer()
          .ipAdapterPerson(
              TrainingRequest.of(review, Consent.of("Ada Byron, 2026-11-20: headshots")), adapter);
      assertEquals(2, ada.imagePrompt().references().count());
      assertEquals(
          adapter.kind().controlNet().isPresent(), !ada.at(1).controlImages().isEmpty());

      ShootRequest ask =
          ShootRequest.of(Style.named("studio"), 1).size(SIDE).steps(2).seed(1);
      Headshot shot = studio.shoot(ada, ask).headshots().get(0);
      assertNotEquals(
          shot.image(),
          studio.shoot(ada, ask.identityStrength(0)).headshots().get(0).image());

      // The embedder that the method uses recognises the photo that it was given.
      AcceptedPhoto photo = review.accepted().get(0);
      OptionalDouble own =
          adapter.likeness(adapter.prompt(List.of(photo)), photo.image(), photo.face());
      assertEquals(adapter.kind().needsFaceEmbedder(), own.isPresent());
      assertEquals(1, own.orElse(1), 1e-5);

      Path file = folder.resolve("ada/person-ipadapter.safetensors");
      Files.createDirectories(file.getParent());
      ada.save(file);
      IpAdapterPerson kept = IpAdapterPerson.open(file, adapter);
      assertEquals(ada.consent(), kept.consent());
      try (GenerationQueue queue = GenerationQueue.on(studio, GenerationQueue.Options.defaults())) {
        assertEquals(
            shot.image(),
            queue.shoot(kept, ask).result().orElseThrow().headshots().get(0).image());
      }
      HeadshotEdit.Result edited =
          studio.edit(kept, shot, HeadshotEdit.inMask(half(), "a red wall").strength(0.9));
      assertNotEquals(shot.image(), edited.after().image());
      assertTrue(edited.changedShare() < 0.9, "pixels outside of the mask stay");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"instantid", "infiniteyou", "photomaker-v1", "photomaker-v2", "pulid", "pulid-flux"
      })
  void namesEachFileThatIsMissing(String method, @TempDir Path folder) throws IOException {
    boolean isFlux = method.equals("pulid-flux") || method.equals("infiniteyou");
    try (BaseModel base = BaseModel.open(isFlux ? flux : xl, Compute.EXACT)) {
      TinyIdentityMethod.write(method, base, folder);
    }
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.sorted().toList();
    }
    Path adapter = IdentityFiles.findIn(folder).adapter().path();
    Path away = shared.resolve("away-" + method);
    int refusals = 0;
    for (Path file : files) {
      Files.move(file, away);
      String name = file.getFileName().toString().replaceFirst("\\.[a-z]+$", "");
      if (name.equals("ControlNetModel")) {
        assertTrue(IdentityFiles.findIn(folder).controlNet().isEmpty(), "it is optional");
      } else {
        String line = assertThrows(InvalidInputException.class, () -> IdentityFiles.findIn(folder))
            .getMessage();
        assertTrue(
            file.equals(adapter)
                ? line.contains("has no adapter")
                : line.contains(", but not " + name)
                    && (line.contains(" of the catalogue, ") || line.contains("(https://")),
            line);
        refusals++;
      }
      Files.move(away, file);
    }
    assertEquals(
        switch (method) {
          case "photomaker-v1" -> 1;
          case "instantid", "photomaker-v2" -> 2;
          case "infiniteyou" -> 3;
          default -> 4;
        },
        refusals);
  }

  private static RgbImage half() {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    Arrays.fill(rgb, 0, rgb.length / 2, (byte) 255);
    return RgbImage.of(SIDE, SIDE, rgb);
  }
}
