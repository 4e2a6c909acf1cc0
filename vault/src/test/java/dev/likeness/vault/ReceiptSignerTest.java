package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReceiptSignerTest {
  private static final byte[] MESSAGE = "erased".getBytes(StandardCharsets.US_ASCII);

  @Test
  void developsWithAKeyThatItsCertificateNames() throws GeneralSecurityException {
    ReceiptSigner signer = ReceiptSigner.development();
    byte[] signature = signer.sign(MESSAGE);
    assertArrayEquals(
        signature, ReceiptSigner.development().sign(MESSAGE), "old receipts are signed the same");
    assertTrue(ReceiptSigner.verify(signer.chain().get(0).getPublicKey(), MESSAGE, signature));
    signer.chain().get(0).verify(signer.chain().get(1).getPublicKey());
    assertEquals(
        "O=Likeness development certificate: do not trust,CN=Likeness development signer",
        signer.toString());
    signature[5] ^= 1;
    assertFalse(ReceiptSigner.verify(signer.chain().get(0).getPublicKey(), MESSAGE, signature));
  }

  @ParameterizedTest
  @CsvSource({"EC,256,64", "EC,384,96", "EC,521,132", "RSA,2048,256", "Ed25519,255,64"})
  void signsWithKeysOfContentCredentials(String kind, int bits, int bytes)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
    generator.initialize(bits);
    KeyPair keys = generator.generateKeyPair();
    ReceiptSigner signer = ReceiptSigner.of(ReceiptSigner.development().chain(), keys.getPrivate());
    byte[] signature = signer.sign(MESSAGE);
    assertEquals(bytes, signature.length);
    assertTrue(ReceiptSigner.verify(keys.getPublic(), MESSAGE, signature));
    assertFalse(ReceiptSigner.verify(keys.getPublic(), new byte[3], signature));
  }

  @Test
  void needsACertificateAndAKeyThatSigns() throws GeneralSecurityException {
    Exception none = assertThrows(
        IllegalArgumentException.class, () -> ReceiptSigner.of(List.of(), message -> message));
    assertEquals(
        "a signer of receipts needs a certificate, got none; give the signer's certificate",
        none.getMessage());
    KeyPairGenerator generator = KeyPairGenerator.getInstance("DSA");
    generator.initialize(1024);
    KeyPair keys = generator.generateKeyPair();
    Exception other = assertThrows(
        IllegalArgumentException.class,
        () -> ReceiptSigner.of(ReceiptSigner.development().chain(), keys.getPrivate()));
    assertTrue(other.getMessage().endsWith(", got DSA"), other.getMessage());
    PrivateKey edwards = KeyPairGenerator.getInstance("Ed448").generateKeyPair().getPrivate();
    Exception longer = assertThrows(
        IllegalArgumentException.class,
        () -> ReceiptSigner.of(ReceiptSigner.development().chain(), edwards));
    assertTrue(longer.getMessage().endsWith(", got Ed448"), longer.getMessage());
  }
}
