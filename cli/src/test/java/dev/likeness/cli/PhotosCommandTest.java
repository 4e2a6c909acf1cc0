package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code likeness photos} on rendered selfies. */
class PhotosCommandTest {
  private static final Path SELFIES = Outside.ROOT.resolve("examples/photos/person-5000000002");

  @TempDir
  private Path folder;

  @Test
  void printsATableAndWritesASheet() throws IOException {
    for (int i = 1; i <= 3; i++) {
      Files.copy(SELFIES.resolve("selfie-0" + i + ".jpg"), folder.resolve(i + ".jpg"));
    }
    Path sheet = folder.resolveSibling(folder.getFileName() + "-sheet.png");

    CommandResult run = CommandResult.of("photos", folder.toString(), "--sheet", sheet.toString());

    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().startsWith("1.jpg  "), run.out());
    assertTrue(run.out().contains("3 of 3 photos can be used, readiness "), run.out());
    assertTrue(
        run.out().contains("; 3 faces were found")
            && run.out().contains("a YuNet file (--detector FILE, "),
        run.out());
    assertTrue(
        run.out().contains("three usable photos are enough to begin; eight or more are better"),
        run.out());
    assertTrue(OwnerOnly.isOwnerOnly(sheet));
    RgbImage drawn = RgbImage.read(sheet);
    assertTrue(drawn.width() >= 900 && drawn.height() >= 500, drawn.toString());
    Files.delete(sheet);
  }

  @Test
  void takesFilesAndFoldersInAnyMixture() throws IOException {
    Path more = Files.createDirectory(folder.resolve("more"));
    for (int i = 1; i <= 2; i++) {
      Files.copy(SELFIES.resolve("selfie-0" + i + ".jpg"), more.resolve(i + ".jpg"));
    }
    Path first = SELFIES.resolve("selfie-03.jpg");
    Path last = SELFIES.resolve("selfie-04.jpg");
    CommandResult run =
        CommandResult.of("photos", first.toString(), more.toString(), last.toString(), "--json");
    assertEquals(0, run.status(), run.err());
    List<Integer> places = List.of("selfie-03.jpg", "1.jpg", "2.jpg", "selfie-04.jpg").stream()
        .map(name -> run.out().indexOf("\"" + name + "\""))
        .toList();
    assertEquals(places.stream().sorted().toList(), places, run.out());
    assertTrue(places.get(0) > 0, run.out());
    String twice =
        CommandResult.of("photos", last.toString(), last.toString(), "--json").err();
    assertTrue(twice.contains(last + " is given twice; it counts once"), twice);
    assertEquals(
        List.of(folder.resolve("none.jpg")
            + " does not exist; give photos of the person, or folders with such photos"),
        CommandResult.of("photos", first.toString(), folder.resolve("none.jpg").toString())
            .errorLines());
  }

  @Test
  void trainAndHeadshotTakeSeveralPhotos() {
    for (String command : List.of(
        "headshot --photos a.jpg b --out x",
        "train --photos a b --photos c" + " --consent y --out x")) {
      assertEquals(Optional.empty(), CommandSyntax.refusal(command.split(" ")), command);
    }
  }

  @Test
  void namesANetworkThatIsNotThere() {
    CommandResult run = CommandResult.of(
        "photos", SELFIES.toString(), "--detector", folder.resolve("yunet.onnx").toString());

    assertEquals(3, run.status());
    assertTrue(
        run.errorLines()
            .get(0)
            .startsWith("cannot read the face detector " + folder.resolve("yunet.onnx")),
        run.err());
  }

  @Test
  void refusesAResearchNetworkForCommercialUse() {
    CommandResult run = CommandResult.of(
        "photos",
        SELFIES.toString(),
        "--commercial",
        "--embedder",
        folder.resolve("arcface.onnx").toString());

    assertEquals(3, run.status());
    assertEquals(
        "the embedder ArcFace has a licence that forbids commercial use (non-commercial research only)"
            + "; use an embedder whose licence allows commercial use, such as SFace or AuraFace",
        run.errorLines().get(0));
  }

  @Test
  void refusesNetworksThatOpenCvWouldNotSurvive() throws IOException {
    // A graph that has nothing but one node, and is its own input.
    byte[] node = {0x0a, 1, 'y', 0x12, 1, 'y', 0x22, 4, 'R', 'e', 'l', 'u'};
    byte[] file = {0x3a, (byte) (node.length + 2), 0x0a, (byte) node.length};
    byte[] whole = Arrays.copyOf(file, file.length + node.length);
    System.arraycopy(node, 0, whole, file.length, node.length);
    Path network = Files.write(folder.resolve("sface.onnx"), whole);
    for (String option : List.of("--embedder", "--detector", "--face-quality")) {
      CommandResult run =
          CommandResult.of("photos", SELFIES.toString(), option, network.toString());

      assertEquals(3, run.status(), run.err());
      assertEquals(1, run.errorLines().size(), run.err());
      assertTrue(run.err().contains(network + " has 0 inputs, expected one image"), run.err());
    }
    Path range = Files.writeString(folder.resolve("range.yml"), "%YAML:1.0\n---\nrange: 3\n");
    CommandResult run =
        CommandResult.of("photos", SELFIES.toString(), "--brisque", range + "," + range);
    assertEquals(3, run.status(), run.err());
    assertTrue(run.err().contains(range + " is not a BRISQUE model"), run.err());
  }
}
