package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.CascadeDetector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the embedded model brings beside its networks works without another file. */
class BaseExtrasTest {
  @TempDir
  private Path folder;

  @Test
  void generatesAFaceInFourStepsWithPreviews() {
    Path out = folder.resolve("out");
    // No beard is asked for: the built-in detector overlooks some faces with glasses above a long
    // one.
    CommandResult run = CommandResult.of(
        "generate",
        "--prompt",
        "office headshot of a man with glasses",
        "--few-step",
        "--preview",
        "--seed",
        "3",
        "--count",
        "3",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    try (CascadeDetector detector = new CascadeDetector()) {
      for (String name : new String[] {"image-001.png", "image-002.png", "image-003.png"}) {
        assertEquals(1, detector.detect(RgbImage.read(out.resolve(name))).size(), name);
      }
    }
  }

  @Test
  void usesItsAdapterAndFaceGuidanceForAPerson() throws IOException {
    Path photos = Files.createDirectories(folder.resolve("photos"));
    for (String name : List.of("selfie-01.jpg", "selfie-02.jpg", "selfie-04.jpg")) {
      Files.copy(
          Outside.ROOT.resolve("examples/photos/person-5000000002").resolve(name),
          photos.resolve(name));
    }
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.of(
        "headshot",
        "--photos",
        photos.toString(),
        "--consent",
        "nobody real",
        "--identity",
        "ipadapter",
        "--trait",
        "hair=a green mohawk",
        "--style",
        "studio",
        "--count",
        "1",
        "--steps",
        "2",
        "--out",
        out.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(Files.exists(out.resolve("headshot-001.png")));
    String record = Files.readString(out.resolve("record.json"));
    assertTrue(record.contains("\"face_guidance\" : true"), record);
    assertTrue(record.contains("a green mohawk"), record);
  }
}
