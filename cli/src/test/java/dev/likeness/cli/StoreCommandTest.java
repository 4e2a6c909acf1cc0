package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.provenance.signing.SigningIdentity;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.SubjectStudio;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * A person's way through a store, watched: nothing of them is ever in the clear: photos, adapter,
 * and where an embedder is at hand what it makes of the photos. On a tiny base and for a moment;
 * {@code -Dlikeness.search=300} does it on the embedded one, with so many steps of training.
 */
class StoreCommandTest {
  /** In no other test: their bytes are looked for in the temporary folder, which tests share. */
  private static final String STRANGER = "5000000777";

  @TempDir
  private Path folder;

  private Path photos;
  private Path store;
  private Path key;
  private final List<String> trainArguments = new ArrayList<>();
  private final List<String> compute =
      new ArrayList<>(List.of("--dtype", "f32", "--device", "cpu"));

  @BeforeEach
  void copyPhotos() {
    store = folder.resolve("store");
    key = folder.resolve("key.txt");
    photos = Selfies.of(STRANGER, 2, folder.resolve("people"));
    String steps = System.getProperty("likeness.search");
    if (steps == null) {
      compute.addAll(List.of("--base", TinyBase.in(folder).toString()));
    }
    trainArguments.addAll(List.of(
        "--photos",
        photos.toString(),
        "--consent",
        Selfies.CONSENT,
        "--consent-for",
        "Ada",
        "--consent-by",
        "Eva, her mother"));
    trainArguments.addAll(compute);
    trainArguments.add(steps == null ? "26" : steps);
  }

  @Test
  void hasNoPlainByteOfAPersonAtAnyMoment(TestReporter reporter) throws Exception {
    PlainPerson plain = trainedWithoutEncryption();
    try (ByteWatch watch = watch(plain)) {
      long begun = System.nanoTime();
      watch.start();
      CommandResult headshot = run(
          headshot(folder.resolve("out"), "--store", store.toString(), "--key", key.toString()));
      watch.stop();
      long seconds = (System.nanoTime() - begun) / 1_000_000_000;
      reporter.publishEntry("looked " + watch.polls() + " times in " + seconds + " s, at most "
          + watch.longestMillis() + " ms apart");
      assertEquals(Set.of(), watch.found());
      assertTrue(watch.polls() > 0, "nobody looked");
      assertEquals(
          List.of(
              "contact-sheet.png", "headshot-001.png", "preview.png", "record.json", "report.html"),
          TinyBase.namesIn(folder.resolve("out")));
      String id = TinyBase.namesIn(store.resolve("subjects")).get(0);
      assertTrue(headshot.err().contains("stored as " + id), headshot.err());
      plain.requireSame(decrypted(id));
      run("people", "erase", id, "--store", store.toString());
      assertEquals(Set.of(), watch.pollAll());
    }
  }

  @Test
  void findsPlainBytes() throws Exception {
    byte[] selfie = Files.readAllBytes(photos.resolve("selfie-01.jpg"));
    byte[] slice =
        Arrays.copyOfRange(selfie, selfie.length / 2, selfie.length / 2 + ByteWatch.SLICE);
    try (ByteWatch watch = new ByteWatch(store)) {
      watch.searchFor(selfie);
      assertEquals(Set.of(), watch.pollAll());
      watch.start();
      Path plain = Files.createTempFile("likeness", ".jpg");
      try {
        // Half of it where the search reads on.
        Files.write(plain, new byte[ByteSearch.CHUNK - ByteWatch.SLICE / 2]);
        Files.write(plain, slice, StandardOpenOption.APPEND);
        awaitPolls(watch);
      } finally {
        Files.delete(plain);
      }
      watch.stop();
      assertEquals(Set.of(plain.toString()), watch.found());
    }
  }

  private static void awaitPolls(ByteWatch watch) throws InterruptedException {
    int now = watch.polls();
    for (int waited = 0; watch.polls() < now + 2 && waited < 60_000; waited += 10) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  @Test
  void aCancelledTrainingLeavesNoPreviewOfThePerson() throws IOException {
    Collections.replaceAll(trainArguments, "26", "6");
    Path out = folder.resolve("out");
    CommandResult run = CommandResult.cancelledAt(
        " shows the person after ",
        headshot(out, "--store", store.toString(), "--key", key.toString()));
    assertEquals(130, run.status(), run.err());
    assertTrue(
        run.err().contains(out.resolve("preview.png") + " shows the person after 2 training steps"),
        run.err());
    assertEquals(List.of(), TinyBase.namesIn(out));
  }

  @Test
  void listsShowsShootsPurgesAndErases() throws Exception {
    // 26 steps save a state, for which other tests look.
    Collections.replaceAll(trainArguments, "26", "2");
    String id = run(trainArguments(
            "train", "--steps", "--store", store.toString(), "--key", key.toString()))
        .out()
        .strip();
    assertTrue(id.matches("[0-9a-f]{32}"), id);
    Path out = folder.resolve("out");
    List<String> draw = new ArrayList<>(List.of(
        "headshot",
        "--person",
        id,
        "--style",
        "studio",
        "--steps",
        "2",
        "--out",
        out.toString(),
        "--store",
        store.toString(),
        "--key",
        key.toString()));
    draw.addAll(compute);
    run(draw.toArray(String[]::new));
    Map<String, Object> record = JSON.std.mapFrom(Files.readAllBytes(out.resolve("record.json")));
    Map<?, ?> person = (Map<?, ?>) record.get("person");
    assertEquals("Ada", person.get("consent_for"));
    assertEquals("Eva, her mother", person.get("consent_by"));
    Map<?, ?> verdict = (Map<?, ?>) ((List<?>) record.get("authenticity")).get(0);
    assertEquals("headshot-001.png", verdict.get("file"));
    assertTrue(
        ((List<?>) verdict.get("not_judged")).containsAll(List.of("low_likeness", "slimmer")),
        verdict.toString());
    assertTrue(run("people", "show", id, "--store", store.toString(), "--key", key.toString())
        .out()
        .contains(Selfies.CONSENT));
    assertEquals(
        "1 person, 0 problems",
        run("verify", "--store", store.toString(), "--key", key.toString())
            .out()
            .strip());
    CommandResult mistyped = CommandResult.of(
        "verify", "--store", store.toString(), "--key", folder.resolve("kye").toString());
    assertEquals(
        List.of("the key file " + folder.resolve("kye") + " does not exist, but the people in "
            + store + " are encrypted; give the key file of this store"),
        mistyped.errorLines());
    CommandResult locked = CommandResult.of("verify", "--store", store.toString());
    assertTrue(
        locked.out().contains("subject " + id + ": its category person cannot be opened: "),
        locked.out() + locked.err());
    assertTrue(run("people", "list", "--store", store.toString(), "--key", key.toString())
        .out()
        .strip()
        .endsWith(" last used 0 days ago  \"Ada\", consent given by \"Eva, her mother\""));
    String[] keyless = {"--store", store.toString()};
    assertTrue(run("people", "list", keyless[0], keyless[1])
        .out()
        .startsWith(id + "  2 files, added 0 days ago"));
    assertEquals(
        "0 persons erased, 0 files of other people removed",
        run("purge", "--due", keyless[0], keyless[1]).out().strip());
    run("people", "erase", id, keyless[0], keyless[1]);
    Path receipt = store.resolve("receipts/" + id + ".json");
    assertTrue(
        run("verify", receipt.toString()).out().startsWith("unchanged: " + id + " was erased"));
    Path signer = Files.write(
        folder.resolve("signer.der"),
        SigningIdentity.development().chain().get(0).getEncoded());
    assertTrue(run("verify", receipt.toString(), "--trust", signer.toString())
        .out()
        .startsWith("genuine: " + id + " was erased"));
    assertEquals(
        id, JSON.std.mapFrom(run("verify", receipt.toString(), "--json").out()).get("erased"));
    Files.write(signer, new byte[0]);
    assertEquals(
        3,
        CommandResult.of("verify", receipt.toString(), "--trust", signer.toString())
            .status());
    assertEquals(
        "{\"persons\":0,\"problems\":[]}",
        run("verify", "--store", store.toString(), "--json").out().strip());
    assertEquals("", run("people", "list", keyless[0], keyless[1]).out());
    assertEquals(List.of(), TinyBase.namesIn(store.resolve("subjects")));
    Files.writeString(
        receipt, Files.readString(receipt).replace("\"person\" : 2", "\"person\" : 3"));
    assertEquals(3, CommandResult.of("verify", receipt.toString()).status());
  }

  @Test
  void erasesASubjectThatAnotherProcessTrains() {
    List<String> learnt = new ArrayList<>();
    CommandResult train = CommandResult.watched(
        told -> {
          if (told.contains("train: ") && learnt.isEmpty()) {
            learnt.add(run("people", "list", "--store", store.toString()).out().split(" ")[0]);
            run("people", "erase", learnt.get(0), "--store", store.toString());
          }
        },
        trainArguments("train", "--steps", "--store", store.toString(), "--key", key.toString()));
    assertEquals(3, train.status(), train.err());
    assertEquals(
        List.of(learnt.get(0)
            + " was erased during the training, and the result was discarded; if"
            + " the person still agrees, train again"),
        train.errorLines());
    assertFalse(
        train.err().contains("train 26/26"), "nor are they learnt to the end: " + train.err());
    assertEquals(List.of(), TinyBase.namesIn(store.resolve("subjects")));
    assertTrue(
        run("verify", store.resolve("receipts/" + learnt.get(0) + ".json").toString())
            .out()
            .startsWith("unchanged"));
  }

  @Test
  void keepsPhotosInMemoryAndNothingOfACancelledTraining() throws IOException {
    List<String> looked = new ArrayList<>();
    Cancellation stop = new Cancellation();
    CommandResult train = CommandResult.watched(
        stop,
        told -> {
          if (told.contains("train: ") && looked.isEmpty()) {
            Path person = store
                .resolve("subjects")
                .resolve(TinyBase.namesIn(store.resolve("subjects")).get(0));
            looked.addAll(TinyBase.namesIn(person));
            stop.cancel();
          }
        },
        trainArguments("train", "--steps", "--store", store.toString(), "--key", key.toString()));
    assertEquals(130, train.status(), train.err());
    assertEquals(List.of("dates.json", "person"), looked, "photos and states stay in memory");
    assertEquals(List.of(), TinyBase.namesIn(store.resolve("subjects")));
  }

  @Test
  void waitsForAProcessThatHasTheStore() {
    SubjectStore elsewhere = SubjectStore.open(store, WrappingKey.createFile(key));
    CommandResult list = CommandResult.watched(
        told -> {
          if (told.contains("waiting for ")) {
            elsewhere.close();
          }
        },
        "people",
        "list",
        "--store",
        store.toString());
    assertEquals(0, list.status(), list.err());
    assertEquals(
        "waiting for " + store + ", which another process has open", list.err().strip());
  }

  @Test
  void aRefusedTrainingLeavesNeitherStoreNorKey() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("no photos"));
    for (String command : List.of("train", "headshot")) {
      List<String> arguments = new ArrayList<>(
          List.of(trainArguments(command, command.equals("train") ? "--steps" : "--train-steps")));
      arguments.set(arguments.indexOf(photos.toString()), empty.toString());
      arguments.addAll(List.of("--store", store.toString()));
      if (command.equals("headshot")) {
        arguments.addAll(List.of("--out", folder.resolve("out").toString()));
      }
      assertEquals(
          List.of(
              "--store encrypts the person and needs a key; give --key FILE (the file is created"
                  + " for a new store), or set LIKENESS_STORE_KEY"),
          CommandResult.of(arguments.toArray(String[]::new)).errorLines());
      arguments.addAll(List.of("--key", key.toString()));
      CommandResult refused = CommandResult.of(arguments.toArray(String[]::new));
      assertEquals(3, refused.status(), refused.err());
      assertTrue(refused.err().contains(empty.toString()), refused.err());
      assertFalse(Files.exists(store));
      assertFalse(Files.exists(key));
    }
  }

  @Test
  void requiresAStore() {
    for (String command :
        List.of("purge --due", "people list", "people show x", "people erase x", "verify")) {
      CommandResult mistyped = CommandResult.of((command + " --store " + store).split(" "));
      assertTrue(
          mistyped.errorLines().get(0).startsWith("there is no store in " + store), mistyped.err());
    }
    assertEquals(
        List.of("--store DIR is missing; give the folder of the store"),
        CommandResult.of("people", "list").errorLines());
    assertEquals(
        List.of(
            "no subcommand given; give one of list, show, erase (try ./likeness people --help)"),
        CommandResult.of("people").errorLines());
  }

  /**
   * The steps are the last word of what is common, and {@code stepsOption} is called differently.
   */
  private String[] trainArguments(String command, String stepsOption, String... more) {
    List<String> all = new ArrayList<>(trainArguments);
    all.add(all.size() - 1, stepsOption);
    all.add(0, command);
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static CommandResult run(String... args) {
    CommandResult run = CommandResult.of(args);
    assertEquals(0, run.status(), run.err());
    return run;
  }

  private String[] headshot(Path out, String... more) {
    List<String> all =
        new ArrayList<>(List.of("--steps", "2", "--style", "studio", "--out", out.toString()));
    embedder().ifPresent(file -> all.addAll(List.of("--embedder", file.toString())));
    all.addAll(List.of(more));
    return trainArguments("headshot", "--train-steps", all.toArray(String[]::new));
  }

  /** The person learnt without a store, who is the same to the bit. */
  private PlainPerson trainedWithoutEncryption() throws IOException {
    Path out = folder.resolve("plain");
    run(headshot(out));
    PlainPerson person = PlainPerson.read(out.resolve("person.safetensors"));
    assertEquals(embedder().isEmpty(), person.faces().isEmpty());
    return person;
  }

  private static Optional<Path> embedder() {
    return Material.find("faces/mobileface_v2_112.onnx");
  }

  private ByteWatch watch(PlainPerson person) throws IOException {
    ByteWatch watch = new ByteWatch(store);
    person.secrets().forEach(watch::searchFor);
    watch.searchInStore(
        "selfie-0",
        ".lora_A.weight",
        "likeness.class_word",
        "likeness.measures",
        "likeness.training_state");
    for (String name : TinyBase.namesIn(photos)) {
      watch.searchFor(Files.readAllBytes(photos.resolve(name)));
      watch.searchFor(RgbImage.read(photos.resolve(name)).rgb());
    }
    assertFalse(TinyBase.namesIn(photos).isEmpty());
    return watch;
  }

  private byte[] decrypted(String id) throws IOException {
    try (SubjectStore opened = SubjectStore.open(store, WrappingKey.ofFile(key))) {
      assertEquals(0, opened.subject(id).counts().get(DataCategory.PHOTOS));
      return Files.readAllBytes(SubjectStudio.personFile(opened.subject(id)));
    }
  }
}
