package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudioCommandTest {
  @TempDir
  private Path folder;

  @Test
  void servesUntilItIsCancelled() throws Exception {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Cancellation stop = new Cancellation();
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false, stop);
    Path key = folder.resolve("store.key");
    CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> LikenessCommand.run(
        console,
        "studio",
        "--store",
        folder.resolve("people").toString(),
        "--key",
        key.toString()));
    try {
      while (!out.toString().contains("token=") && !status.isDone()) {
        Thread.sleep(20);
      }
      URI address = URI.create(out.toString().strip());
      assertEquals("127.0.0.1", address.getHost());
      HttpResponse<String> page = HttpClient.newHttpClient()
          .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
      assertEquals(303, page.statusCode());
    } finally {
      stop.cancel();
    }
    assertEquals(0, status.get());
    assertEquals(
        "open this address in a browser; Ctrl-C ends the studio", err.toString().strip());
    assertTrue(Files.exists(key));
  }

  @Test
  void refusesOtherAddressesWithoutAPasswordAndStoresWithoutAKey() throws Exception {
    CommandResult open = CommandResult.of("studio", "--listen", "0.0.0.0");
    assertEquals(2, open.status());
    assertEquals(
        "likeness: --listen 0.0.0.0 lets other computers reach the studio and needs a password;"
            + " give --password-file FILE, or --proxy-secret-file FILE with a reverse proxy",
        open.err().strip());
    Path password = Files.writeString(folder.resolve("password"), "short\n");
    CommandResult weak =
        CommandResult.of("studio", "--listen", "0.0.0.0", "--password-file", password.toString());
    assertEquals(2, weak.status());
    assertEquals(
        "likeness: the password of the studio has fewer than 12 characters; give a longer one",
        weak.err().strip());
    Path endless = Path.of("/dev/zero");
    if (Files.exists(endless)) {
      CommandResult device =
          CommandResult.of("studio", "--listen", "0.0.0.0", "--password-file", "/dev/zero");
      assertEquals(3, device.status());
      assertEquals(
          "likeness: the password file /dev/zero has more than 1024 bytes; give a text file with the"
              + " password alone",
          device.err().strip());
    }
    Path people = folder.resolve("people");
    CommandResult keyless = CommandResult.of("studio", "--store", people.toString());
    assertEquals(2, keyless.status());
    assertEquals(
        "likeness: --store encrypts the people and needs a key; give --key FILE (the file is"
            + " created for a new store), or set LIKENESS_STORE_KEY",
        keyless.err().strip());
    assertFalse(Files.exists(people));
  }

  @Test
  void opensAKeyFileByItsPassphrase() throws Exception {
    Path key = folder.resolve("store.key");
    Path people = folder.resolve("people");
    String words = "correct horse battery";
    String id;
    try (SubjectStore store =
        SubjectStore.open(people, WrappingKey.createFile(key, words.toCharArray()))) {
      id = store.create(Consent.synthetic()).id();
    }
    String[] list = {"people", "list", "--store", people.toString(), "--key", key.toString()};
    CommandResult locked = CommandResult.of(list);
    assertEquals(3, locked.status());
    assertEquals(
        "likeness: the key file " + key + " needs a passphrase; give --passphrase-file FILE, or set"
            + " LIKENESS_STORE_PASSPHRASE",
        locked.err().strip());
    Path file = Files.writeString(folder.resolve("passphrase"), words + "\n");
    CommandResult open = CommandResult.of(
        Stream.concat(Stream.of(list), Stream.of("--passphrase-file", file.toString()))
            .toArray(String[]::new));
    assertEquals(0, open.status(), open::err);
    assertTrue(open.out().contains(id), open::out);
  }

  @Test
  void writesCommandsOfThePlaygroundThatItTakes() {
    CommandResult parsed = CommandResult.of(
        "generate",
        "--base",
        "/models/base",
        "--prompt",
        "portrait of \"Ada's\" friend",
        "--negative",
        "dark",
        "--scheduler",
        "euler",
        "--steps",
        "1",
        "--guidance",
        "7.5",
        "--seed",
        "7",
        "--count",
        "2",
        "--lora",
        "some.safetensors@0.8",
        "--image",
        "reference-1.png",
        "--out",
        folder.resolve("images").toString());
    assertEquals(3, parsed.status());
    // All options were understood, and the base is missing.
    assertEquals(
        "likeness: /models/base does not exist; give a diffusers folder or a checkpoint file",
        parsed.err().strip());
  }
}
