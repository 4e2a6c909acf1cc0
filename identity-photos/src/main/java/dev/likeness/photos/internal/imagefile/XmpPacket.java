package dev.likeness.photos.internal.imagefile;

import com.adobe.internal.xmp.XMPException;
import com.adobe.internal.xmp.XMPMeta;
import com.adobe.internal.xmp.XMPMetaFactory;
import com.adobe.internal.xmp.options.ParseOptions;
import com.adobe.internal.xmp.options.SerializeOptions;
import dev.likeness.diffusion.image.DigitalSourceType;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The XMP properties (ISO 16684-1) that disclose where an image comes from.
 *
 * @param sourceType IPTC's digital source type
 * @param remoteManifest URL of a manifest outside of the file
 */
public record XmpPacket(Optional<String> sourceType, Optional<String> remoteManifest) {
  /** A packet without these properties. */
  public static final XmpPacket EMPTY = new XmpPacket(Optional.empty(), Optional.empty());

  private static final String IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
  private static final String TERMS = "http://purl.org/dc/terms/";
  private static final String SOURCE_TYPE = "DigitalSourceType";

  // XMPCore throws an exception for properties of namespaces that are not registered.
  static {
    try {
      XMPMetaFactory.getSchemaRegistry().registerNamespace(IPTC, "Iptc4xmpExt");
      XMPMetaFactory.getSchemaRegistry().registerNamespace(TERMS, "dcterms");
    } catch (XMPException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Returns an XMP packet with the digital source type as its only property. */
  public static String serialize(DigitalSourceType source) {
    try {
      XMPMeta meta = XMPMetaFactory.create();
      meta.setProperty(IPTC, SOURCE_TYPE, source.uri());
      return XMPMetaFactory.serializeToString(
          meta, new SerializeOptions().setUseCompactFormat(true).setOmitPacketWrapper(true));
    } catch (XMPException e) {
      throw new IllegalStateException("cannot write an XMP packet with one property", e);
    }
  }

  /** Reads a packet. Invalid XMP gives {@link #EMPTY}. */
  public static XmpPacket parse(String packet) {
    try {
      byte[] bytes = packet.getBytes(StandardCharsets.UTF_8);
      XMPMeta meta =
          XMPMetaFactory.parseFromBuffer(bytes, new ParseOptions().setDisallowDoctype(true));
      return new XmpPacket(
          Optional.ofNullable(meta.getPropertyString(IPTC, SOURCE_TYPE)),
          Optional.ofNullable(meta.getPropertyString(TERMS, "provenance"))
              .filter(url -> !url.startsWith("self#")));
    } catch (XMPException | RuntimeException e) {
      return EMPTY;
    }
  }
}
