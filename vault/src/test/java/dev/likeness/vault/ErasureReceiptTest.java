package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.material.Material;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErasureReceiptTest {
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05Z");
  private static final String ID = "0123456789abcdef0123456789abcdef";

  /** A certificate of an RSA key of 1024 bits. */
  private static final String SHORT_KEY =
      "MIICKDCCAZGgAwIBAgIUQYP+7OfEl7XdrHZATC0D62xBo8swDQYJKoZIhvcNAQELBQAwFDESMBAGA1UE"
          + "CgwJU2hvcnQga2V5MCAXDTI2MTEyOTAwMTIyMloYDzIwODEwOTAxMDAxMjIyWjAUMRIwEAYDVQQKDAlT"
          + "aG9ydCBrZXkwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALRX4NTasLLSnWdPEZxvomy8bsmQU6Ln"
          + "5uhasYL0YfPYhKvG4Sf11wq3D+KM1WxieFJSs4nZLtJZsyBVgOVO6UhNK8G1jz8TmIVqw+ASZHYska6+"
          + "dUBdOU417F+aUKZL6YikVyk6wyHuyn5FrFEGdI27pLllaT1yqrwpCh42ZokLAgMBAAGjdTBzMB0GA1Ud"
          + "DgQWBBTK2ChRJD5pJIZ5/HZJ5P79TytXDDAfBgNVHSMEGDAWgBTK2ChRJD5pJIZ5/HZJ5P79TytXDDAT"
          + "BgNVHSUEDDAKBggrBgEFBQcDBDAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDANBgkqhkiG9w0B"
          + "AQsFAAOBgQBIPaNWlsbxRltyNR2iRswihjjKbqvtyHdC/SBTz9x/IO5PCsaraDPaT3TiyK3X+EGCU0nP"
          + "Kzq85RdrYjNgqWFiBEqVQ46sWJg00zl+BGkLtQwBDZ7aqY3Sskw6+0ZOimbI4JuMIx7XBziUEXbZ+p0r"
          + "WYGxatGNRzU7hxTZFAb1Sg==";

  private final ErasureReceipt receipt = ErasureReceipt.signed(
      ID, TIME, TIME, Map.of("photos", 3, "backups", 4711), ReceiptSigner.development());

  @TempDir
  private Path folder;

  @Test
  void countsOnlyWhatItsSignatureCovers() throws IOException {
    assertEquals("{photos=3, work=0, person=0, images=0}", receipt.files().toString());
    assertTrue(receipt.isGenuine());
    assertEquals(receipt.toJson(), ErasureReceipt.read(file(receipt.toJson())).toJson());
  }

  @Test
  void namesTheLengthOfAShortKey() throws NoSuchAlgorithmException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(1024);
    PrivateKey key = generator.generateKeyPair().getPrivate();
    String refusal = assertThrows(
            IllegalArgumentException.class, () -> ReceiptSigner.of(receipt.chain(), key))
        .getMessage();
    assertEquals(
        "receipts need an EC key on P-256, P-384 or P-521, an RSA key of at least 2048 bits, or an"
            + " Ed25519 key, got RSA with 1024 bits",
        refusal);
  }

  /** Each of these leaves the signature genuine, and says something to a reader of the file. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '|',
      value = {
        "\"photos\" : 3, \"photos\" : 3; \"backups\" : 9, \"backups\"",
        "\"photos\" : 3, \"photos\" : 3; \"photos \" : 9, \"photos \"",
        "\"erased\", \"note\" : \"nothing was kept\"; \"erased\", \"note\"",
        "\"erased\", \"\\u001b[2J\" : true; \"erased\", \"\\u001b[2J\"",
        "\"erased\", \"Erased\" : \"x\"; \"erased\", \"Erased\""
      })
  void refusesWhatItsSignatureDoesNotCover(String old, String added, String named)
      throws IOException {
    Path file = file(receipt.toJson().replace(old, added.replace(';', ',')));
    assertEquals(
        file + " contains " + named
            + ", which the signature does not cover; ask for the original receipt",
        refusal(file));
  }

  @Test
  void refusesWhatIsNoReceipt() throws IOException {
    String json = receipt.toJson();
    for (String other : List.of(
        json.replace(": 3", ": -3"),
        json.replace(": 3", ": 3.5"),
        json.replace(": 3", ": 99999999999"),
        json.replace(ID, "x\\nwas not erased"),
        json.replace(ID, ID + "\\n"),
        json.replace("\"certificate\" : \"", "\"certificate\" : \"?"),
        json.replace("\"issuers\"", "\"issuers\" : 1, \"erased\""),
        "{}",
        "[]")) {
      assertEquals(1, refusal(file(other)).lines().count());
    }
  }

  @Test
  void refusesWhatFollowsTheReceipt() throws IOException {
    for (String more : List.of("{\"backups\": 9}", "9", "nonsense")) {
      Path file = file(receipt.toJson() + more);
      assertEquals(
          file + " is not a readable JSON file of at most 1 MiB; restore it from a copy",
          refusal(file));
    }
    assertTrue(ErasureReceipt.read(file(receipt.toJson() + "\n \n")).isGenuine());
  }

  @Test
  void refusesAFileThatIsTooLong() throws IOException {
    assertTrue(refusal(file(receipt.toJson() + " ".repeat(1 << 20))).contains("more than 1 MiB"));
  }

  /** Such keys sign no receipts, and others can find them out. */
  @Test
  void isNotGenuineByAShortKey() {
    byte[] certificate = Base64.getDecoder().decode(SHORT_KEY);
    assertFalse(new ErasureReceipt(ID, TIME, TIME, Map.of(), new byte[128], List.of(certificate))
        .isGenuine());
  }

  @Test
  void isMadeOfSoundValues() {
    for (Map<String, Integer> files : List.of(Map.of("backups", 1), Map.of("photos", -1))) {
      assertThrows(IllegalArgumentException.class, () -> receipt(ID, files));
    }
    assertThrows(IllegalArgumentException.class, () -> receipt("a\nb", Map.of()));
  }

  private ErasureReceipt receipt(String id, Map<String, Integer> files) {
    return new ErasureReceipt(id, TIME, TIME, files, receipt.signature(), receipt.certificates());
  }

  @Test
  void refusesTheReceiptThatOncePassed() {
    Path file = Material.ofCase("attacks/bad__c2pa__receipt-extra.json");
    assertTrue(refusal(file).contains("the signature does not cover"), refusal(file));
  }

  private static String refusal(Path file) {
    return assertThrows(InvalidInputException.class, () -> ErasureReceipt.read(file))
        .getMessage();
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("receipt.json"), text);
  }
}
