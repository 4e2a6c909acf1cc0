package dev.likeness.examples.service;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Selfies;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class BatchHeadshotsTest {
  @TempDir
  private static Path shared;

  @TempDir
  private Path folder;

  @BeforeAll
  static void useOpenCvOnce() {
    // OpenCV keeps a few objects of its own from its first use on.
    HeadshotStudio.review(PhotoSet.from(Selfies.of("5000000001", 1, shared)), Consent.synthetic());
  }

  @Test
  void processesEachPersonOnceAndNamesFailures() throws Exception {
    Path photos = folder.resolve("photos");
    Path ada = Files.createDirectories(photos.resolve("ada"));
    Path selfies = Selfies.of("5000000001", 3, folder.resolve("people"));
    for (int i = 0; i < 3; i++) {
      Files.copy(
          selfies.resolve("selfie-0" + (i + 1) + ".jpg"), ada.resolve("selfie-" + i + ".jpg"));
      RgbImage.of(64, 64, new byte[64 * 64 * 3])
          .writePng(
              Files.createDirectories(photos.resolve("nobody")).resolve("black-" + i + ".png"));
    }
    Path out = Files.createDirectories(folder.resolve("out"));
    Files.createDirectory(photos.resolve("abe"));
    Files.writeString(out.resolve("abe"), "in the way");
    try (BaseModel base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path())) {
      HeadshotStudio studio = HeadshotStudio.on(base);
      HeadshotStudio quick = studio.training(usual -> usual.steps(2));
      List<String> first = processAll(base, quick, photos, out);
      assertEquals("ada: done", first.get(1));
      assertTrue(
          first.get(0).startsWith("abe: ") && first.get(0).contains("FileAlreadyExists"),
          first.get(0));
      assertTrue(first.get(2).startsWith("nobody: "), first.get(2));
      assertTrue(Files.exists(out.resolve("ada/headshot-001.png"))
          && Files.exists(out.resolve("ada/record.json")));
      assertEquals("ada: done before", processAll(base, quick, photos, out).get(1));
      Path person = out.resolve("ada/person.safetensors");
      byte[] ofThree = Files.readAllBytes(person);
      Files.delete(out.resolve("ada/record.json"));
      assertEquals("ada: done", processAll(base, quick, photos, out).get(1));
      assertArrayEquals(ofThree, Files.readAllBytes(person), "they were learnt again");
      Files.delete(out.resolve("ada/record.json"));
      Files.delete(photos.resolve("ada/selfie-2.jpg"));
      assertEquals("ada: done", processAll(base, quick, photos, out).get(1));
      assertFalse(Arrays.equals(ofThree, Files.readAllBytes(person)), "an old person was drawn");
      assertThrows(
          IllegalArgumentException.class,
          () -> processAll(base, quick, photos, photos.resolve("out")));
    }
  }

  private static List<String> processAll(
      BaseModel base, HeadshotStudio studio, Path photos, Path out) throws Exception {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (PrintStream log = new PrintStream(said, true, StandardCharsets.UTF_8);
        FaceDetector detector = new CascadeDetector()) {
      ShootRequest request = ShootRequest.of(Style.named("studio"), 1).steps(2);
      assertEquals(
          2,
          new BatchHeadshots(base, studio, request, detector, log)
              .processAll(photos, out, Consent.synthetic()));
    }
    return said.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
