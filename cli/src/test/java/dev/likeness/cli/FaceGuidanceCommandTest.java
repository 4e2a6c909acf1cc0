package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.image.RgbImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of {@code docs/guides/face-guidance.md}, with tiny random networks by path. */
class FaceGuidanceCommandTest {
  private static final Path PHOTO =
      Outside.ROOT.resolve("examples/photos/person-5000000002/selfie-01.jpg");

  @TempDir
  private Path folder;

  private Path embedder;

  @BeforeEach
  void copyEmbedder() {
    embedder = folder.resolve("auraface.onnx");
    GoldenResource.copy("/golden/iresnet/folded.onnx", embedder);
  }

  private CommandResult generate(String out, String... more) {
    List<String> arguments = new ArrayList<>(
        List.of("generate", "--prompt", "studio portrait of a woman", "--steps", "4"));
    arguments.addAll(List.of(more));
    arguments.addAll(List.of("--out", folder.resolve(out).toString()));
    return CommandResult.of(arguments.toArray(String[]::new));
  }

  private RgbImage image(String out, String... more) {
    CommandResult run = generate(out, more);
    assertEquals(0, run.status(), run.err());
    return RgbImage.read(folder.resolve(out).resolve("image-001.png"));
  }

  @Test
  void guidesGeneratedFacesTowardsAPhoto() {
    String photo = PHOTO.toString();
    RgbImage plain = image("plain");
    RgbImage held =
        image("held", "--face-guidance", photo, "--face-guidance-embedder", embedder.toString());
    RgbImage rare = image(
        "rare",
        "--face-guidance",
        photo,
        "--face-guidance-embedder",
        embedder.toString(),
        "--face-guidance-every",
        "2",
        "--face-guidance-gradient",
        "left-out",
        "--commercial");
    assertFalse(plain.equals(held) || plain.equals(rare) || held.equals(rare));
    assertEquals(
        plain,
        image(
            "none",
            "--face-guidance",
            photo + "@0",
            "--face-guidance-embedder",
            embedder.toString()));
  }

  @Test
  void worksOnATinyBaseWithNetworksByPath() {
    Path base = TinyBase.in(folder);
    image(
        "tiny",
        "--base",
        base.toString(),
        "--face-guidance",
        PHOTO.toString(),
        "--face-guidance-embedder",
        embedder.toString(),
        "--face-guidance-decoder",
        base.resolve("vae").toString());
  }

  @Test
  void saysWhatItCannotUse() throws IOException {
    String base = TinyBase.in(folder).toString();
    String photo = PHOTO.toString();
    String file = embedder.toString();
    Path research = Files.copy(embedder, folder.resolve("glintr100.onnx"));
    Path blank = folder.resolve("blank.png");
    ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", blank.toFile());
    assertFails(
        2,
        "--face-guidance-every does nothing without --face-guidance; give both or neither",
        "--face-guidance-every",
        "2");
    assertFails(
        2,
        "--face-guidance-every must be a whole number from 1 to 10000, got 0",
        "--face-guidance",
        photo,
        "--face-guidance-every",
        "0");
    assertFails(
        2,
        "unknown gradient \"all\"; known: by-memory, kept, recomputed, left-out",
        "--face-guidance",
        photo,
        "--face-guidance-gradient",
        "all");
    assertFails(
        3,
        "the base has no networks for face guidance; give --face-guidance-embedder FILE and"
            + " --face-guidance-decoder DIR|FILE",
        "--base",
        base,
        "--face-guidance",
        photo);
    assertFails(
        3,
        "the base has no preview decoder (",
        "--base",
        base,
        "--face-guidance",
        photo,
        "--face-guidance-embedder",
        file);
    assertFails(
        3,
        "the embedder ArcFace has a licence that forbids commercial use (non-commercial research only)"
            + "; use an embedder whose licence allows commercial use, such as SFace or AuraFace",
        "--face-guidance",
        photo,
        "--face-guidance-embedder",
        research.toString(),
        "--commercial");
    assertFails(
        3,
        "no face was found in " + blank + "; give a photo with a clear frontal face",
        "--face-guidance",
        blank.toString());
  }

  private void assertFails(int status, String message, String... more) {
    CommandResult run = generate("out", more);
    assertEquals(status, run.status(), Arrays.toString(more) + run.err());
    assertTrue(run.err().contains(message), run.err());
  }

  @Test
  void headshotsFollowAnEmbedderByPathButItDoesNotJudgeThem() throws IOException {
    Path photos = Files.createDirectories(folder.resolve("photos"));
    for (String name : List.of("selfie-01.jpg", "selfie-02.jpg", "selfie-04.jpg")) {
      Files.copy(PHOTO.resolveSibling(name), photos.resolve(name));
    }
    CommandResult run = headshot(photos, "shots", "--face-guidance-embedder", embedder.toString());
    assertEquals(0, run.status(), run.err());
    String record = Files.readString(folder.resolve("shots/record.json"));
    assertTrue(record.contains("\"face_guidance\" : true"), record);
    CommandResult same = headshot(
        photos,
        "same",
        "--face-guidance-embedder",
        embedder.toString(),
        "--embedder",
        embedder.toString());
    assertEquals(2, same.status(), same.err());
    assertTrue(
        same.err().contains("guides the faces, so it cannot measure their likeness"), same.err());
    CommandResult off = headshot(photos, "off", "--no-face-guidance", "--face-guidance-every", "2");
    assertEquals(2, off.status(), off.err());
    CommandResult other = CommandResult.of(
        "headshot",
        "--person",
        folder.resolve("shots/person-ipadapter.safetensors").toString(),
        "--identity",
        "ipadapter",
        "--style",
        "studio",
        "--count",
        "1",
        "--steps",
        "2",
        "--face-guidance-embedder",
        otherEmbedder().toString(),
        "--out",
        folder.resolve("other").toString());
    assertEquals(3, other.status(), other.err());
    assertTrue(other.err().contains("the person has no face embeddings of AuraFace "), other.err());
  }

  private Path otherEmbedder() {
    Path other = folder.resolve("other-auraface.onnx");
    GoldenResource.copy("/golden/iresnet/separate.onnx", other);
    return other;
  }

  private CommandResult headshot(Path photos, String out, String... more) {
    List<String> arguments = new ArrayList<>(List.of(
        "headshot",
        "--photos",
        photos.toString(),
        "--consent",
        "nobody real",
        "--identity",
        "ipadapter",
        "--style",
        "studio",
        "--count",
        "1",
        "--steps",
        "2"));
    arguments.addAll(List.of(more));
    arguments.addAll(List.of("--out", folder.resolve(out).toString()));
    return CommandResult.of(arguments.toArray(String[]::new));
  }
}
