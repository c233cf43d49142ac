"""What readers and signatories are served, rendered: pages, feed, embed, press kit, pictures. Values in, bytes out."""
