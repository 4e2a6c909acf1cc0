package dev.likeness.vault.key;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import dev.likeness.vault.SubjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key file that a passphrase opens, and nothing else. */
class PassphraseKeyTest {
  private static final char[] WORDS = "correct horse battery".toCharArray();
  private static final byte[] KEY = new byte[32];

  @TempDir
  private Path folder;

  @Test
  void opensWithItsPassphraseOnly() throws IOException {
    Path file = folder.resolve("store.key");
    WrappingKey made = WrappingKey.createFile(file, WORDS);
    assertTrue(OwnerOnly.isOwnerOnly(file));
    assertTrue(WrappingKey.needsPassphrase(file));
    byte[] wrapped = made.wrap(KEY, KEY);
    assertArrayEquals(KEY, WrappingKey.ofFile(file, WORDS).unwrap(wrapped, KEY));
    assertEquals(
        "the passphrase does not open the key file " + file
            + "; check capital letters and the keyboard, and give it again",
        message(() -> WrappingKey.ofFile(file, "correct horse batterie".toCharArray())));
    assertFalse(Files.readString(file).contains("horse"));
    WrappingKey other = WrappingKey.createFile(folder.resolve("other.key"), WORDS);
    assertThrows(InvalidInputException.class, () -> other.unwrap(wrapped, KEY));
  }

  @Test
  void derivesByArgon2idAsTheFileSays() throws Exception {
    Path file = folder.resolve("store.key");
    WrappingKey made = WrappingKey.createFile(file, WORDS);
    Map<String, Object> content = JSON.std.mapFrom(Files.readAllBytes(file));
    assertEquals(3, content.get("passes"));
    assertEquals(65536, content.get("kibibytes"));
    assertEquals(4, content.get("lanes"));
    byte[] key = new byte[32];
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
        .withSalt(Base64.getDecoder().decode((String) content.get("salt")))
        .withIterations(3)
        .withMemoryAsKB(65536)
        .withParallelism(4)
        .build());
    generator.generateBytes("correct horse battery".toCharArray(), key);
    byte[] inner = new AesKey(key)
        .unwrap(
            Base64.getDecoder().decode((String) content.get("key")),
            "likeness store key".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    assertArrayEquals(KEY, new AesKey(inner).unwrap(made.wrap(KEY, KEY), KEY));
  }

  @Test
  void takesEachFormOfALetterWithAnAccent() {
    Path file = folder.resolve("store.key");
    WrappingKey.createFile(file, "caf\u00e9 caf\u00e9 caf\u00e9".toCharArray());
    WrappingKey.ofFile(file, "cafe\u0301 cafe\u0301 cafe\u0301".toCharArray());
  }

  @Test
  void refusesShortPassphrasesDamagedFilesAndCheapParameters() throws IOException {
    Path file = folder.resolve("store.key");
    assertEquals(
        "the passphrase of the store has fewer than 12 characters; give a longer one, such as five"
            + " words",
        message(() -> WrappingKey.createFile(file, "elevenchars".toCharArray())));
    assertFalse(Files.exists(file));
    WrappingKey.createFile(file, WORDS);
    assertEquals(
        file + " exists; a key is never overwritten, because the data encrypted with it would be"
            + " lost; give a new file",
        message(() -> WrappingKey.createFile(file, WORDS)));
    Map<String, Object> content = JSON.std.mapFrom(Files.readAllBytes(file));
    for (Map.Entry<String, Object> wrong : Map.<String, Object>of(
            "kibibytes",
            8,
            "passes",
            1_000_000,
            "lanes",
            0,
            "salt",
            "AA==",
            "key",
            "!",
            "kind",
            "x")
        .entrySet()) {
      Map<String, Object> changed = new java.util.LinkedHashMap<>(content);
      changed.put(wrong.getKey(), wrong.getValue());
      Path damaged = folder.resolve("damaged.key");
      Files.write(damaged, JSON.std.asBytes(changed));
      assertTrue(
          message(() -> WrappingKey.ofFile(damaged, WORDS)).contains("damaged; give the key file"),
          wrong::toString);
    }
    Path plain = folder.resolve("plain.key");
    WrappingKey.createFile(plain);
    assertFalse(WrappingKey.needsPassphrase(plain));
    assertThrows(InvalidInputException.class, () -> WrappingKey.ofFile(plain, WORDS));
    assertThrows(InvalidInputException.class, () -> WrappingKey.ofFile(file));
    assertTrue(message(() -> WrappingKey.ofFile(folder.resolve("none"), WORDS))
        .startsWith("cannot read the key file "));
  }

  @Test
  void opensAStore() {
    Path file = folder.resolve("store.key");
    Path people = folder.resolve("people");
    try (SubjectStore store = SubjectStore.open(people, WrappingKey.createFile(file, WORDS))) {
      store.create(Consent.synthetic());
    }
    try (SubjectStore store = SubjectStore.open(people, WrappingKey.ofFile(file, WORDS))) {
      assertTrue(store.subjects().get(0).consent().isSynthetic());
    }
  }

  private static String message(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(InvalidInputException.class, call).getMessage();
  }
}
