package dev.likeness.vault.key;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Files with a random key that is encrypted by a passphrase: AES-256-GCM with a key of Argon2id
 * (RFC 9106). The parameters are those that RFC 9106 recommends second, for machines with little
 * memory; the file records them, so that a later version can raise them.
 */
final class PassphraseKey {
  private static final String KIND = "argon2id+aes256gcm";
  private static final int KEY_BYTES = 32;
  private static final int SALT_BYTES = 16;
  private static final int PASSES = 3;
  private static final int KIBIBYTES = 64 << 10;
  private static final int LANES = 4;
  // Less would make guessing cheap, more would let a file stop the process.
  private static final int MIN_KIBIBYTES = 19 << 10;
  private static final int MAX_KIBIBYTES = 1 << 20;
  private static final int MAX_PASSES = 64;
  private static final int MAX_LANES = 64;
  private static final int MAX_FILE = 4096;
  private static final byte[] CONTEXT = "likeness store key".getBytes(StandardCharsets.US_ASCII);

  private PassphraseKey() {}

  /** How a key is derived from a passphrase. */
  private record Derivation(byte[] salt, int passes, int kibibytes, int lanes) {
    AesKey key(char[] passphrase) throws GeneralSecurityException {
      // One passphrase has several forms in Unicode, and keyboards differ in which they make.
      String composed = Normalizer.normalize(CharBuffer.wrap(passphrase), Normalizer.Form.NFC);
      byte[] text = composed.getBytes(StandardCharsets.UTF_8);
      byte[] key = new byte[KEY_BYTES];
      try {
        Argon2BytesGenerator generator = new Argon2BytesGenerator();
        generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withSalt(salt)
            .withIterations(passes)
            .withMemoryAsKB(kibibytes)
            .withParallelism(lanes)
            .build());
        generator.generateBytes(text, key);
        return new AesKey(key);
      } finally {
        Arrays.fill(text, (byte) 0);
        Arrays.fill(key, (byte) 0);
      }
    }
  }

  static WrappingKey create(Path file, char[] passphrase) {
    if (passphrase.length < WrappingKey.MIN_PASSPHRASE_LENGTH) {
      throw new InvalidInputException("the passphrase of the store has fewer than "
          + WrappingKey.MIN_PASSPHRASE_LENGTH + " characters; give a longer one, such as five"
          + " words");
    }
    byte[] key = random(KEY_BYTES);
    Derivation derivation = new Derivation(random(SALT_BYTES), PASSES, KIBIBYTES, LANES);
    try {
      Map<String, Object> content = new LinkedHashMap<>();
      content.put("kind", KIND);
      content.put("salt", Base64.getEncoder().encodeToString(derivation.salt));
      content.put("passes", derivation.passes);
      content.put("kibibytes", derivation.kibibytes);
      content.put("lanes", derivation.lanes);
      byte[] wrapped = derivation.key(passphrase).wrap(key, CONTEXT);
      content.put("key", Base64.getEncoder().encodeToString(wrapped));
      byte[] text = JSON.std.asBytes(content);
      if (!AtomicFile.writeNewPrivate(file, out -> out.write(text))) {
        throw new InvalidInputException(file
            + " exists; a key is never overwritten, because the data encrypted with it would be"
            + " lost; give a new file");
      }
      return new AesKey(key);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a key cannot be made: " + e.getMessage(), e);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private static byte[] random(int bytes) {
    byte[] random = new byte[bytes];
    new SecureRandom().nextBytes(random);
    return random;
  }

  static boolean isProtected(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return in.read() == '{';
    } catch (IOException e) {
      return false;
    }
  }

  static WrappingKey of(Path file, char[] passphrase) {
    Map<String, Object> content = read(file);
    Derivation derivation = new Derivation(
        bytes(content, "salt", SALT_BYTES, file),
        number(content, "passes", 1, MAX_PASSES, file),
        number(content, "kibibytes", MIN_KIBIBYTES, MAX_KIBIBYTES, file),
        number(content, "lanes", 1, MAX_LANES, file));
    byte[] wrapped = bytes(content, "key", KEY_BYTES, file);
    try {
      return new AesKey(derivation.key(passphrase).unwrap(wrapped, CONTEXT));
    } catch (InvalidInputException wrong) {
      throw new InvalidInputException(
          "the passphrase does not open the key file " + file
              + "; check capital letters and the keyboard, and give it again",
          wrong);
    } catch (GeneralSecurityException e) {
      throw invalid(file, e);
    }
  }

  private static Map<String, Object> read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] text = in.readNBytes(MAX_FILE + 1);
      if (text.length <= MAX_FILE && text.length > 0 && text[0] == '{') {
        Map<String, Object> content = JSON.std.mapFrom(text);
        if (KIND.equals(content.get("kind"))) {
          return content;
        }
      }
    } catch (JsonProcessingException e) {
      throw invalid(file, e);
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the key file " + file + ": " + e.getMessage()
              + "; give the key file that the store was created with",
          e);
    }
    throw invalid(file, null);
  }

  private static byte[] bytes(Map<String, Object> content, String name, int least, Path file) {
    try {
      byte[] bytes = Base64.getDecoder().decode(String.valueOf(content.get(name)));
      if (bytes.length >= least) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      throw invalid(file, e);
    }
    throw invalid(file, null);
  }

  private static int number(
      Map<String, Object> content, String name, int least, int most, Path file) {
    if (content.get(name) instanceof Integer number && number >= least && number <= most) {
      return number;
    }
    throw invalid(file, null);
  }

  private static InvalidInputException invalid(Path file, Exception cause) {
    return new InvalidInputException(
        file + " is not a key file with a passphrase, or it is damaged; give the key file that the"
            + " store was created with, or a copy of it",
        cause);
  }
}
