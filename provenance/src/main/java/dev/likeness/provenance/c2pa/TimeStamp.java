package dev.likeness.provenance.c2pa;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.tsp.TSPException;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.util.Selector;

/**
 * When a claim was signed, as a time-stamping authority attests (RFC 3161).
 *
 * @param time the attested time
 * @param authority the certificates of who attests it and of whoever vouches for them, theirs first
 */
record TimeStamp(Instant time, List<X509Certificate> authority) {
  /** Whether the signature carries one at all. */
  static boolean isIn(CoseSign1 signature) {
    return signature.open().containsKey("sigTst") || signature.open().containsKey("sigTst2");
  }

  /** The first time stamp, when it is genuine and is one of this signature. */
  static Optional<TimeStamp> of(CoseSign1 signature, byte[] claim) {
    boolean second = signature.open().containsKey("sigTst2");
    byte[] stamped = signature.counterSigned(second ? Cbor.write(signature.signature()) : claim);
    return first(signature.open().get(second ? "sigTst2" : "sigTst"))
        .flatMap(bytes -> verified(bytes, stamped));
  }

  private static Optional<byte[]> first(Object header) {
    if (header instanceof Map<?, ?> map
        && map.get("tstTokens") instanceof List<?> tokens
        && !tokens.isEmpty()
        && tokens.get(0) instanceof Map<?, ?> token
        && token.get("val") instanceof byte[] bytes) {
      return Optional.of(bytes);
    }
    return Optional.empty();
  }

  private static Optional<TimeStamp> verified(byte[] bytes, byte[] stamped) {
    try {
      TimeStampToken token = token(bytes);
      MessageDigest digest = MessageDigest.getInstance(
          token.getTimeStampInfo().getMessageImprintAlgOID().getId());
      Collection<X509CertificateHolder> signers =
          token.getCertificates().getMatches(signerOf(token));
      if (signers.isEmpty()
          || !Arrays.equals(
              digest.digest(stamped), token.getTimeStampInfo().getMessageImprintDigest())) {
        return Optional.empty();
      }
      JcaX509CertificateConverter converter = new JcaX509CertificateConverter();
      List<X509Certificate> authority =
          new ArrayList<>(List.of(converter.getCertificate(signers.iterator().next())));
      token.validate(new JcaSimpleSignerInfoVerifierBuilder().build(authority.get(0)));
      for (X509CertificateHolder other : token.getCertificates().getMatches(null)) {
        authority.add(converter.getCertificate(other));
      }
      return Optional.of(
          new TimeStamp(token.getTimeStampInfo().getGenTime().toInstant(), authority));
    } catch (IOException
        | TSPException
        | CMSException
        | GeneralSecurityException
        | OperatorCreationException
        | RuntimeException e) {
      // The parsers answer to some broken structures with whatever their code runs into.
      return Optional.empty();
    }
  }

  @SuppressWarnings("unchecked")
  private static Selector<X509CertificateHolder> signerOf(TimeStampToken token) {
    return token.getSID();
  }

  // Older writers put the whole response there, newer ones the token in it.
  private static TimeStampToken token(byte[] bytes) throws IOException, TSPException, CMSException {
    try {
      TimeStampToken token = new TimeStampResponse(bytes).getTimeStampToken();
      if (token != null) {
        return token;
      }
    } catch (TSPException | IOException notAResponse) {
      return new TimeStampToken(new CMSSignedData(bytes));
    }
    return new TimeStampToken(new CMSSignedData(bytes));
  }
}
