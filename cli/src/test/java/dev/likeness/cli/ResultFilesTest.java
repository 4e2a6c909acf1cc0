package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.FullDisk;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Results go beside the files that are there, and files of others are kept. */
class ResultFilesTest {
  private static final String MINE = "mine";

  @TempDir
  private static Path shared;

  private static Path base;

  private static Path photos;

  @TempDir
  private Path folder;

  @BeforeAll
  static void writeInputs() throws IOException {
    base = TinyBase.in(shared);
    photos = Selfies.of("5000000001", 2, shared.resolve("people"));
  }

  @Test
  void generateNumbersOn() throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    for (String taken : List.of(
        "image-002.png", "image-7.jpg", "images.json", "images-003.json", "preview-001.png")) {
      Files.writeString(out.resolve(taken), MINE);
    }
    CommandResult run = generate(out, "--count", "2");
    assertEquals(0, run.status(), run.err());
    assertEquals(
        List.of(
            out.resolve("image-008.png").toString(),
            out.resolve("image-009.png").toString()),
        run.out().lines().toList());
    assertEquals(
        List.of(
            "image-002.png",
            "image-008.png",
            "image-009.png",
            "image-7.jpg",
            "images-003.json",
            "images-008.json",
            "images.json",
            "preview-001.png"),
        TinyBase.namesIn(out));
    assertEquals(List.of("image-008.png", "image-009.png"), recorded(out, "images-008.json"));
    try (Stream<Path> files = Files.list(out)) {
      for (Path file : files.filter(each -> !each.toString().contains("-00")).toList()) {
        assertEquals(MINE, Files.readString(file), file.toString());
      }
    }
    assertTrue(OwnerOnly.isOwnerOnly(out.resolve("images-008.json")));
  }

  @Test
  void commandsOfOneFolderGetNamesOfTheirOwn() throws Exception {
    Path out = folder.resolve("out");
    List<CompletableFuture<CommandResult>> runs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      String seed = Integer.toString(10 * i);
      runs.add(CompletableFuture.supplyAsync(() -> generate(out, "--count", "3", "--seed", seed)));
    }
    Set<String> printed = new TreeSet<>();
    for (CompletableFuture<CommandResult> run : runs) {
      assertEquals(0, run.get().status(), run.get().err());
      run.get().out().lines().forEach(printed::add);
    }
    assertEquals(9, printed.size());
    List<String> names = TinyBase.namesIn(out);
    assertEquals(9, names.stream().filter(name -> name.endsWith(".png")).count(), names.toString());
    Set<String> recorded = new TreeSet<>();
    for (String name : names.stream().filter(each -> each.endsWith(".json")).toList()) {
      List<String> files = recorded(out, name);
      assertEquals(3, files.size());
      recorded.addAll(files);
    }
    assertEquals(9, recorded.size(), "an image is in two records");
  }

  @Test
  void previewsReplaceNothing() throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Path mine = Files.writeString(out.resolve("preview-001.png"), MINE);
    CommandResult run =
        generate(out, "--preview", base.resolve("vae").toString(), "--preview-every", "1");
    assertEquals(0, run.status(), run.err());
    assertEquals(MINE, Files.readString(mine));
    assertEquals(List.of("image-001.png", "images.json", "preview-001.png"), TinyBase.namesIn(out));
  }

  @ParameterizedTest
  @ValueSource(strings = {"image-001.png", "images.json", "images-123.json", "preview-9.png"})
  void tensorsTakeNoNameOfAnImage(String name) {
    Path out = folder.resolve("out");
    CommandResult run = generate(out, "--tensors", out.resolve(name).toString());
    assertEquals(2, run.status(), run.err());
    assertEquals(
        List.of("--tensors " + out.resolve(name) + " would be written by --out " + out
            + " too; give two different paths"),
        run.errorLines());
    assertFalse(Files.exists(out));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ada.state", "ada.state.losses"})
  void trainKeepsAFileInThePlaceOfItsState(String name) throws IOException {
    Path mine = Files.writeString(folder.resolve(name), MINE);
    for (String method : List.of("lora", "dreambooth")) {
      for (String more : List.of("--overwrite", "--resume")) {
        CommandResult run = train(folder.resolve("ada"), "--method", method, more);
        assertTrue(run.status() == 2 || run.status() == 3, run.err());
        assertTrue(run.errorLines().get(0).contains(folder.resolve("ada.state").toString()));
        assertEquals(MINE, Files.readString(mine));
        assertEquals(List.of(name), TinyBase.namesIn(folder));
      }
    }
    CommandResult plot = train(folder.resolve("eva"), "--plot", folder + "/eva.state");
    assertEquals(2, plot.status(), plot.err());
  }

  @Test
  void replacedFilesOfPersonsAreForTheirOwner() throws IOException {
    assumeTrue(OwnerOnly.hasPermissions(folder));
    Path person = readable("ada.safetensors");
    Path plot = readable("plot.png");
    CommandResult run = train(person, "--overwrite", "--plot", plot.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(OwnerOnly.isOwnerOnly(person));
    Path sheet = readable("sheet.png");
    CommandResult review =
        CommandResult.of("photos", photos.toString(), "--overwrite", "--sheet", sheet.toString());
    assertEquals(0, review.status(), review.err());
    assertTrue(OwnerOnly.isOwnerOnly(sheet));
    Path copy = readable("copy.safetensors");
    CommandResult converted =
        CommandResult.of("convert", person.toString(), copy.toString(), "--overwrite");
    assertEquals(0, converted.status(), converted.err());
    assertTrue(OwnerOnly.isOwnerOnly(copy));
  }

  private Path readable(String name) throws IOException {
    Path file = Files.writeString(folder.resolve(name), MINE);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    return file;
  }

  @ParameterizedTest
  @ValueSource(strings = {"lora", "references", "ipadapter"})
  void headshotKeepsAPersonFileThatItDidNotMake(String method) throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Map<String, String> names = Map.of(
        "lora", "person.safetensors",
        "references", "person-references.safetensors",
        "ipadapter", "person-ipadapter.safetensors");
    Path mine = Files.writeString(out.resolve(names.get(method)), MINE);
    Path adapter = Files.writeString(folder.resolve("adapter.safetensors"), "an adapter");
    List<String> line = new ArrayList<>(headshot(out));
    line.addAll(List.of("--overwrite", "--identity", method));
    if (method.equals("ipadapter")) {
      line.addAll(List.of("--ip-adapter", adapter.toString()));
    }
    CommandResult run = CommandResult.of(line.toArray(String[]::new));
    assertEquals(2, run.status(), run.err());
    assertEquals(
        List.of(mine + " already exists, and headshot did not make it; give another --out, or move"
            + " this file away"),
        run.errorLines());
    assertEquals(MINE, Files.readString(mine));
  }

  @Test
  void aShootGoesBesideOneThatAppearedMeanwhile() throws IOException {
    Path out = folder.resolve("out");
    Path other = out.resolve("headshot-001.png");
    List<String> line = new ArrayList<>(headshot(out));
    line.addAll(List.of("--train-steps", "1"));
    CommandResult run = CommandResult.watched(
        text -> {
          if (text.contains("sample")) {
            write(other);
          }
        },
        line.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    assertEquals(MINE, Files.readString(other));
    Path own = folder.resolve("out-2");
    assertTrue(
        run.err()
            .contains("another shoot was written to " + out + " during the work; this shoot is in "
                + own),
        run.err());
    assertTrue(TinyBase.namesIn(own).containsAll(List.of("headshot-001.png", "report.html")));
  }

  @Test
  void aResultGoesBesideAFileThatAppearedMeanwhile() throws IOException {
    Path file = folder.resolve("ada.safetensors");
    Files.writeString(folder.resolve("ada-2.safetensors"), MINE);
    Path written = ResultFile.write(file, false, whole -> {
      write(whole);
      write(file);
    });
    assertEquals(folder.resolve("ada-3.safetensors"), written);
    assertEquals(
        List.of("ada-2.safetensors", "ada-3.safetensors", "ada.safetensors"),
        TinyBase.namesIn(folder));
    assertEquals(file, ResultFile.write(file, true, whole -> write(whole)));
    assertFalse(ResultFile.tryWrite(file, whole -> write(whole)));
    assertEquals(3, TinyBase.namesIn(folder).size());
  }

  @Test
  void aResultThatFailsLeavesNothing() throws IOException {
    Path file = Files.writeString(folder.resolve("ada.txt"), MINE);
    byte[] result = "a result".getBytes(StandardCharsets.UTF_8);
    try (FullDisk disk = FullDisk.after(3)) {
      assertEquals(
          "cannot write " + file
              + ": No space left on device; make room on the disk, or choose another place",
          assertThrows(
                  ResourceLimitException.class,
                  () -> ResultFile.write(
                      file, true, whole -> AtomicFile.write(whole, out -> out.write(result))))
              .getMessage());
    }
    assertThrows(
        IllegalStateException.class,
        () -> ResultFile.write(file, true, whole -> {
          write(whole);
          throw new IllegalStateException("the tensor is closed");
        }));
    assertEquals(List.of("ada.txt"), TinyBase.namesIn(folder));
    assertArrayEquals(MINE.getBytes(StandardCharsets.UTF_8), Files.readAllBytes(file));
  }

  private static void write(Path file) {
    try {
      Files.writeString(file, MINE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> recorded(Path out, String name) throws IOException {
    Map<String, Object> record = JSON.std.mapFrom(Files.readAllBytes(out.resolve(name)));
    return ((List<?>) record.get("images"))
        .stream().map(image -> (String) ((Map<?, ?>) image).get("file")).toList();
  }

  private static CommandResult generate(Path out, String... more) {
    List<String> line = new ArrayList<>(List.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a person",
        "--steps",
        "2",
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--out",
        out.toString()));
    line.addAll(List.of(more));
    return CommandResult.of(line.toArray(String[]::new));
  }

  private static CommandResult train(Path out, String... more) {
    List<String> line = new ArrayList<>(List.of(
        "train",
        "--photos",
        photos.toString(),
        "--consent",
        Selfies.CONSENT,
        "--base",
        base.toString(),
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--steps",
        "2",
        "--out",
        out.toString()));
    line.addAll(List.of(more));
    return CommandResult.of(line.toArray(String[]::new));
  }

  private static List<String> headshot(Path out) {
    return List.of(
        "headshot",
        "--photos",
        photos.toString(),
        "--consent",
        Selfies.CONSENT,
        "--base",
        base.toString(),
        "--dtype",
        "f32",
        "--device",
        "cpu",
        "--steps",
        "2",
        "--style",
        "studio",
        "--out",
        out.toString());
  }
}
