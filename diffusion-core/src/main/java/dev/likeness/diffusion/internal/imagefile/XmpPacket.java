package dev.likeness.diffusion.internal.imagefile;

import com.adobe.internal.xmp.XMPException;
import com.adobe.internal.xmp.XMPMeta;
import com.adobe.internal.xmp.XMPMetaFactory;
import com.adobe.internal.xmp.options.SerializeOptions;
import java.io.StringReader;
import java.util.Optional;
import javax.xml.namespace.QName;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

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
  private static final int MAX_LENGTH = 16_000_000;

  // XMPCore throws an exception for properties of namespaces that are not registered.
  static {
    try {
      XMPMetaFactory.getSchemaRegistry().registerNamespace(IPTC, "Iptc4xmpExt");
      XMPMetaFactory.getSchemaRegistry().registerNamespace(TERMS, "dcterms");
    } catch (XMPException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /**
   * Returns an XMP packet with the digital source type as its only property.
   *
   * @param sourceType the URI of IPTC's digital source type
   */
  public static String serialize(String sourceType) {
    try {
      XMPMeta meta = XMPMetaFactory.create();
      meta.setProperty(IPTC, SOURCE_TYPE, sourceType);
      return XMPMetaFactory.serializeToString(
          meta, new SerializeOptions().setUseCompactFormat(true).setOmitPacketWrapper(true));
    } catch (XMPException e) {
      throw new IllegalStateException(
          "cannot write the XMP packet of the digital source type " + sourceType + ": "
              + e.getMessage(),
          e);
    }
  }

  /**
   * Reads a packet. Invalid XMP, or more than 16 million characters, gives {@link #EMPTY}. Reads
   * only the properties of the top level, in one pass, so nested properties cost no stack.
   */
  public static XmpPacket parse(String packet) {
    if (packet.length() > MAX_LENGTH) {
      return EMPTY;
    }
    try {
      return new PacketReader(packet).read();
    } catch (XMLStreamException | RuntimeException e) {
      return EMPTY;
    }
  }

  /** Reads one packet as a stream of XML, without its document type. Used once. */
  private static final class PacketReader {
    private static final String RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    private static final int MAX_VALUE = 2000;

    private final XMLStreamReader xml;
    private Optional<String> sourceType = Optional.empty();
    private Optional<String> remoteManifest = Optional.empty();

    PacketReader(String packet) throws XMLStreamException {
      XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
      factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
      factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
      // A packet may be padded, and begin with a byte order mark.
      String text = packet.startsWith("\ufeff") ? packet.substring(1) : packet;
      xml = factory.createXMLStreamReader(new StringReader(text.strip()));
    }

    XmpPacket read() throws XMLStreamException {
      // The level of rdf:RDF; its children describe, and their children are properties.
      int root = 0;
      int level = 0;
      while (xml.hasNext()) {
        int event = xml.next();
        if (event == XMLStreamConstants.DTD) {
          return EMPTY;
        } else if (event == XMLStreamConstants.END_ELEMENT) {
          level--;
          root = level < root ? 0 : root;
        } else if (event == XMLStreamConstants.START_ELEMENT) {
          level++;
          if (root == 0
              && RDF.equals(xml.getNamespaceURI())
              && xml.getLocalName().equals("RDF")) {
            root = level;
          } else if (root > 0 && level == root + 1) {
            readAttributes();
          } else if (root > 0 && level == root + 2 && isWanted(xml.getName())) {
            QName name = xml.getName();
            String resource = xml.getAttributeValue(RDF, "resource");
            set(name, resource == null ? readText() : resource);
            level -= resource == null ? 1 : 0;
          }
        }
      }
      return new XmpPacket(sourceType, remoteManifest.filter(url -> !url.startsWith("self#")));
    }

    private static boolean isWanted(QName name) {
      return name.equals(new QName(IPTC, SOURCE_TYPE))
          || name.equals(new QName(TERMS, "provenance"));
    }

    private void readAttributes() {
      for (int i = 0; i < xml.getAttributeCount(); i++) {
        if (isWanted(xml.getAttributeName(i))) {
          set(xml.getAttributeName(i), xml.getAttributeValue(i));
        }
      }
    }

    private void set(QName name, String value) {
      Optional<String> text = Optional.of(value).filter(any -> any.length() <= MAX_VALUE);
      if (name.getNamespaceURI().equals(IPTC)) {
        sourceType = sourceType.or(() -> text);
      } else {
        remoteManifest = remoteManifest.or(() -> text);
      }
    }

    /** The text of a property with its end; that of a qualified one stands in {@code rdf:value}. */
    private String readText() throws XMLStreamException {
      StringBuilder text = new StringBuilder();
      boolean wanted = true;
      boolean nested = false;
      for (int depth = 1; depth > 0; ) {
        int event = xml.next();
        if (event == XMLStreamConstants.START_ELEMENT) {
          depth++;
          wanted = xml.getName().equals(new QName(RDF, "value"));
          text.setLength(wanted || !nested ? 0 : text.length());
          nested = true;
        } else if (event == XMLStreamConstants.END_ELEMENT) {
          depth--;
          wanted = false;
        } else if (wanted
            && (event == XMLStreamConstants.CHARACTERS || event == XMLStreamConstants.CDATA)
            && text.length() <= MAX_VALUE) {
          text.append(xml.getText());
        }
      }
      return text.toString();
    }
  }
}
